/**
 * Clients of services and what their requests meet, wired to the rest of the world.
 *
 *   scenario: clients, services --> versions, flows, load balancers --> Traffic
 */

import type { WatchFanOut } from '../controlplane/watch-fan-out.js';
import type { EndpointUpdates } from '../node/endpoint-updates.js';
import { conntrackMax, conntrackTimeouts } from '../node/packet-path/conntrack-table.js';
import type { ServiceAddress } from '../node/packet-path/rule-walk.js';
import type { InitialEndpoints } from '../node/rule-history.js';
import { MODE_ROUTING, type PacketSource, type ServiceDestination } from '../node/service-routing/service-route.js';
import { type ClientOrigin, capacityPerSecond, type ClientSettings } from '../traffic-settings.js';
import { KeptShares } from '../traffic/kept-shares.js';
import { entriesOfClients } from '../traffic/client-entries.js';
import { ConntrackChance } from '../traffic/conntrack-chance.js';
import { ConntrackDrops, type TrackedClients } from '../traffic/conntrack-drops.js';
import { BY_NAME, DnsViews, recordsOf } from '../traffic/dns-views.js';
import { EndpointRecords } from '../traffic/endpoint-records.js';
import { EntryWeights, insideWeights } from '../traffic/entry-weights.js';
import { NodeEndpoints } from '../traffic/node-endpoints.js';
import { PodAcceptance } from '../traffic/pod-acceptance.js';
import { type ClientsOfService, RoutesByRules } from '../traffic/routes-by-rules.js';
import { type Balanced, ServiceTraffic } from '../traffic/service-traffic.js';
import { ServiceVersions } from '../traffic/service-versions.js';
import { routeTable, TO_POD_OF_NODE } from '../traffic/route-table.js';
import { ShareFlow } from '../traffic/share-flow.js';
import { type InsideWeights, Traffic } from '../traffic/traffic.js';
import { LossCause } from '../traffic/loss-cause.js';
import { TrafficTally } from '../traffic/traffic-tally.js';
import { API_SERVER_COSTS } from '../versions/costs.js';
import { minorOf } from '../versions/profiles.js';
import { type ClusterContext, type EndpointContext, ns } from './context.js';
import { createConnectionLevel } from './connection-level.js';
import type { LoadBalancers } from './load-balancers.js';
import { createRequestLevel } from './request-level.js';

const DESTINATION: Readonly<Record<ServiceAddress, ServiceDestination>> = {
  ClusterIP: 'clusterIP',
  NodePort: 'nodePort',
  LoadBalancerIP: 'loadBalancerIP',
  ExternalIP: 'externalIP',
};

const SOURCE: Readonly<Record<ClientOrigin, PacketSource>> = { pods: 'pod', nodes: 'node', outside: 'outside' };

/** null: nobody asks how pods meet connections. */
export function createPodAcceptance({ scenario, services, pods }: ClusterContext): PodAcceptance | null {
  if (scenario.clients.length === 0) return null;
  return new PodAcceptance(
    pods,
    (service) => scenario.services[services.group[service]!]!.application.acceptsAfterSigterm,
  );
}

/** null: the scenario has no clients. `initial`: the services at the start, when every node has their rules. */
export function createTraffic(
  context: EndpointContext,
  log: WatchFanOut,
  endpointUpdates: EndpointUpdates,
  acceptance: PodAcceptance | null,
  loadBalancers: LoadBalancers | null,
  initial: (service: number) => InitialEndpoints,
): Traffic | null {
  const { simulation, scenario, nodes, services, pods, absentServices } = context;
  if (acceptance === null) return null;
  const { routing } = endpointUpdates;
  const shared = {
    records: new EndpointRecords(),
    own: new NodeEndpoints(),
    zoneOfNode: nodes.zone,
    nodeOf: routing.nodeOf,
    acceptanceOf: (pod: number) => acceptance.of(pod),
    applied: new Int32Array(nodes.count),
  };
  const isDown = new Uint8Array(nodes.count);
  const tally = new TrafficTally();
  const inside = new SharedInsideWeights(nodes.zone);
  const everyNode = new EntryWeights(nodes.count);
  for (let node = 0; node < nodes.count; node++) everyNode.set(node, 1);

  // What becomes of requests that are followed one by one is counted there; their rates say how pods are loaded.
  const notCounted = new TrafficTally();
  const clientsOf = scenario.clients.map(() => new Map<number, ClientsOfService>());
  const tracked: (TrackedClients & { readonly flow: ShareFlow })[] = [];
  const timeouts = conntrackTimeouts(scenario.kubeProxy.conntrack);
  const conntrack = new ConntrackChance(context.streams.hash('connection tracking table'), routing.nodeOf);
  let dns: DnsViews | null = null;
  const traffics = Array.from({ length: services.count }, (): ServiceTraffic | null => null);
  for (const [index, clients] of scenario.clients.entries()) {
    const { first, end } = services.range(clients.service);
    const { serviceTime } = scenario.services[services.group[first]!]!.application;
    for (let service = first; service < end; service++) {
      const { shape, hints } = routing.serviceOf(service);
      const isNamed = shape.type === 'Headless';
      const hasHints = hints !== 'none' && !isNamed;
      let traffic = traffics[service]!;
      if (traffic === null) {
        const versions = new ServiceVersions(scenario.cluster.zones, hasHints, nodes.count);
        // What nodes know of a name is no entry of the log.
        const applied = isNamed ? new Int32Array(nodes.count) : shared.applied;
        traffic = new ServiceTraffic({ ...shared, applied, service, versions });
        const { updates } = initial(service);
        traffic.start(isNamed ? recordsOf(updates) : updates);
        if (isNamed) (dns ??= createDnsViews(context, routing.nodeOf)).add(service, traffic, clients.dnsCacheTtlNs);
        traffics[service] = traffic;
      }
      const isBalanced = clients.from === 'outside' && clients.address === 'LoadBalancerIP';
      if (isBalanced) traffic.balanced ??= balancedBy(loadBalancers!, service, nodes.count);
      const isDirect = isBalanced && loadBalancers!.settingsOf(service)!.targetType === 'ip';
      const routeOf = isNamed
        ? BY_NAME
        : isDirect
          ? TO_POD_OF_NODE
          : routeTable(
              MODE_ROUTING[scenario.kubeProxy.mode],
              shape,
              DESTINATION[clients.address],
              SOURCE[clients.from],
              {
                masqueradeAll: scenario.kubeProxy.masqueradeAll,
                detectsLocalTraffic: scenario.kubeProxy.detectLocalMode !== 'none',
              },
            );
      const way: ClientsOfService = {
        traffic,
        routeOf,
        followsNodeHints: hasHints && hints === 'node',
        dependsOnOwn: (hasHints && hints === 'node') || routeOf(true, true, true).endpoints === 'local',
        dropCause: isBalanced ? LossCause.loadBalancer : LossCause.noLocalEndpoints,
        weights: isBalanced
          ? traffic.balanced!.weights
          : clients.from === 'outside'
            ? everyNode
            : inside.of(clients).weights,
        places: clients.from === 'outside' ? null : inside.of(clients).places,
      };
      clientsOf[index]!.set(service, way);
      const { keepAlive } = clients;
      const requestsPerSecond = clients.load.kind === 'open' ? clients.load.requestsPerSecond : 0;
      const ofClients = clients.detail === 'share' ? tally : notCounted;
      const attempts = keepAlive === null ? ofClients : new TrafficTally();
      const flow = new ShareFlow({
        ...way,
        service,
        versions: traffic.context.versions,
        own: shared.own,
        zoneOfNode: nodes.zone,
        isDown,
        requestsPerSecond,
        isFromOutside: clients.from === 'outside',
        tally: attempts,
        // Kept connections are there before anything is counted.
        startNs: absentServices.has(service) ? Infinity : keepAlive === null ? context.startNs : 0,
      });
      traffic.flows.push(flow);
      tracked.push({
        clients: index,
        service,
        way,
        flow,
        entries: entriesOfClients({ ...clients, protocol: shape.protocol, serviceTime }, timeouts),
      });
      if (keepAlive !== null && requestsPerSecond > 0) {
        traffic.kept.set(
          flow,
          new KeptShares({
            ...keepAlive,
            traffic,
            flow,
            attempts,
            tally: ofClients,
            requestsPerSecond,
            startNs: context.startNs,
          }),
        );
      }
    }
  }
  const createRoutes = (): RoutesByRules =>
    new RoutesByRules({
      clientsOf: (clients, service) => clientsOf[clients]!.get(service)!,
      own: shared.own,
      zoneOfNode: nodes.zone,
      isDown,
    });
  const routes = createRoutes();
  const levels = [
    createRequestLevel(context, routes, acceptance, tally, conntrack),
    createConnectionLevel(context, routes, acceptance, tally, traffics, conntrack),
  ].filter((level) => level !== null);
  const traffic = new Traffic(simulation, {
    levels,
    dns,
    log,
    services: traffics,
    tally,
    startNs: context.startNs,
    applied: shared.applied,
    isDown,
    nodeOf: routing.nodeOf,
    serviceOf: (pod) => pods.service[pod]!,
    capacityOf: (service) => capacityPerSecond(scenario.services[services.group[service]!]!.application),
    insideWeights: inside.all,
  });
  acceptance.listen(traffic);
  const drops = new ConntrackDrops(
    {
      // What it keeps of all services is given up when this is done.
      routes: createRoutes(),
      zones: scenario.cluster.zones,
      zoneOfNode: nodes.zone,
      nodeOf: routing.nodeOf,
      max: conntrackMax(scenario.kubeProxy.conntrack, scenario.cluster.nodeCores, minorOf(scenario.kubernetes)),
    },
    tracked,
  );
  if (drops.isAny) {
    conntrack.atNode = drops.atNode;
    for (const [index, { flow }] of tracked.entries()) flow.conntrackDroppedShare = drops.ofClients[index]!;
  }
  return traffic;
}

function createDnsViews({ simulation, streams, nodes }: ClusterContext, nodeOf: (pod: number) => number): DnsViews {
  // DNS runs on some node or other: its informer is as far from the API servers as nodes are on average.
  const meanLatencyNs = nodes.latencyNs.reduce((sum, latencyNs) => sum + latencyNs, 0) / nodes.count;
  return new DnsViews(simulation, {
    nodes: nodes.count,
    informerDelayNs: Math.round(ns(API_SERVER_COSTS.watchCacheLatency.value) + meanLatencyNs),
    phases: streams.hash('expiry of dns answers'),
    nodeOf,
  });
}

function balancedBy(loadBalancers: LoadBalancers, service: number, nodes: number): Balanced {
  return {
    loadBalancer: loadBalancers.create(service)!,
    weights: new EntryWeights(nodes),
    check: loadBalancers.checkOf(service)!,
  };
}

/** One set of weights for all clients inside that are spread alike. */
class SharedInsideWeights {
  readonly all: InsideWeights[] = [];
  readonly #zoneOfNode: ArrayLike<number>;
  readonly #byShares = new Map<string, { readonly weights: EntryWeights; readonly places: EntryWeights }>();

  constructor(zoneOfNode: ArrayLike<number>) {
    this.#zoneOfNode = zoneOfNode;
  }

  /** `weights` follow the nodes; `places` stay as they are. */
  of({ zoneShares }: ClientSettings): { readonly weights: EntryWeights; readonly places: EntryWeights } {
    const key = JSON.stringify(zoneShares);
    const known = this.#byShares.get(key);
    if (known !== undefined) return known;
    const weights = new EntryWeights(this.#zoneOfNode.length);
    const weightOf = insideWeights(zoneShares, this.#zoneOfNode);
    const places = new EntryWeights(this.#zoneOfNode.length);
    for (let node = 0; node < this.#zoneOfNode.length; node++) {
      weights.set(node, weightOf(node));
      places.set(node, weightOf(node));
    }
    this.all.push({ weights, weightOf });
    const made = { weights, places };
    this.#byShares.set(key, made);
    return made;
  }
}
