/**
 * What is true of packets is true of flows: the cases of Kubernetes' packet flow tests that clients of a scenario can express, through
 * the route of single connections and through rates, and any other flow against the verdict on its first packet.
 *
 *   services, packet --packet-verdict.ts--> outcome, endpoints, masqueraded
 *                    --RoutesByRules, ShareFlow--> the same?
 *
 * Clients cannot be outside of spec.loadBalancerSourceRanges, at the load balancer's own address, at a loopback address or in the pod
 * that they reach, and they send to nothing but services.
 */

import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CLUSTER_IP, type ServiceShape } from '../cluster/service-shape.js';
import { EndpointState, NO_ZONE } from '../node/endpoint-ledger.js';
import type { ProxyModeName } from '../node/proxy-modes/proxy-mode.js';
import { IpRanges, isLoopback } from '../node/service-routing/ip-ranges.js';
import type { NodeRoutingConfig } from '../node/service-routing/packet-verdict.js';
import {
  MODE_ROUTING,
  type PacketSource,
  type RoutingFlags,
  type ServiceDestination,
} from '../node/service-routing/service-route.js';
import {
  configOf,
  FULL,
  MODES,
  OUTSIDE,
  POD,
  type Probe,
  resultOf,
  routing,
  type ServiceCase,
  THIS_NODE,
} from '../node/service-routing/testing/routing-fixture.js';
import { Acceptance } from './connection-routes.js';
import { EndpointRecords } from './endpoint-records.js';
import { EntryWeights } from './entry-weights.js';
import { NodeEndpoints } from './node-endpoints.js';
import { podLoads } from './pod-loads.js';
import { routeTable } from './route-table.js';
import { RoutesByRules } from './routes-by-rules.js';
import { ServiceTraffic } from './service-traffic.js';
import { ServiceVersions } from './service-versions.js';
import { ShareFlow } from './share-flow.js';
import { LossCause } from './loss-cause.js';
import { TrafficTally } from './traffic-tally.js';

interface Cases {
  readonly services: Readonly<Record<string, readonly ServiceCase[]>>;
  readonly cases: readonly {
    readonly test: string;
    readonly mode: ProxyModeName;
    readonly services: string;
    readonly settings: Partial<NodeRoutingConfig>;
    readonly packets: readonly (readonly [string, string, number, 'TCP' | 'UDP' | 'SCTP', string])[];
  }[];
}
const { cases, services } = JSON.parse(
  readFileSync(new URL('../node/service-routing/packet-verdict.cases.json', import.meta.url), 'utf8'),
) as Cases;

/** What somebody who describes clients says of a packet. */
interface Flow {
  readonly service: ServiceCase;
  readonly destination: ServiceDestination;
  readonly source: PacketSource;
}

/** null: no clients of a scenario send it. */
function flowOf(given: readonly ServiceCase[], [source, destination, port, protocol = 'TCP']: Probe): Flow | null {
  const { nodeIPs, podCIDRs } = configOf('iptables');
  if (isLoopback(source) || given.some(({ loadBalancerIPs = [] }) => loadBalancerIPs.includes(source))) return null;
  const of = nodeIPs.includes(source) ? 'node' : new IpRanges(podCIDRs!).has(source) ? 'pod' : 'outside';
  for (const service of given) {
    if (service.protocol !== protocol) continue;
    if (service.endpoints.some((endpoint) => endpoint.startsWith(`${source}:`))) return null;
    const { nodePort, externalIPs = [], loadBalancerIPs = [], sourceRanges = [] } = service;
    const flow = (to: ServiceDestination): Flow => ({ service, destination: to, source: of });
    if (service.port === port) {
      if (service.clusterIP === destination) return flow('clusterIP');
      if (externalIPs.includes(destination)) return flow('externalIP');
      const mayCome = sourceRanges.length === 0 || new IpRanges(sourceRanges).has(source);
      if (loadBalancerIPs.includes(destination)) return mayCome ? flow('loadBalancerIP') : null;
    }
    if (nodePort === port && nodeIPs.includes(destination)) return flow('nodePort');
  }
  return null;
}

const NODE = 0;
const ELSEWHERE = 1;
const NS_PER_SECOND = 1e9;
const STATES: Readonly<Record<string, EndpointState>> = {
  ready: EndpointState.ready,
  ending: EndpointState.terminating,
};

/** What becomes of the flow's connections on the node, in the words of the cases, and of a hundred requests as rates. */
function meet(mode: ProxyModeName, { service, destination, source }: Flow, flags: RoutingFlags) {
  const endpoints = service.endpoints.map((text) => text.split(' '));
  const nodeOf = (pod: number): number => (endpoints[pod]![2] === 'here' ? NODE : ELSEWHERE);
  const context = {
    service: 0,
    versions: new ServiceVersions(1, false, 2),
    records: new EndpointRecords(),
    own: new NodeEndpoints(),
    zoneOfNode: [0, 0],
    nodeOf,
    acceptanceOf: () => Acceptance.accepts,
    applied: new Int32Array(2),
  };
  const traffic = new ServiceTraffic(context);
  traffic.start(
    endpoints.map(([, state], endpoint) => {
      // The userspace mode knows of ready endpoints only, as what reads the objects for it does.
      const isKnown = mode !== 'userspace' || state === 'ready';
      return { endpoint, state: isKnown ? (STATES[state!] ?? EndpointState.unusable) : 0, hintedZone: NO_ZONE };
    }),
  );
  const shape: ServiceShape = {
    ...CLUSTER_IP,
    type:
      service.loadBalancerIPs !== undefined
        ? 'LoadBalancer'
        : service.nodePort === undefined
          ? 'ClusterIP'
          : 'NodePort',
    protocol: service.protocol,
    internalTrafficPolicy: service.internal ?? 'Cluster',
    externalTrafficPolicy: service.external ?? 'Cluster',
    externalIPs: service.externalIPs?.length ?? 0,
    loadBalancerIPs: service.loadBalancerIPs?.length ?? 0,
    allocateLoadBalancerNodePorts: service.nodePort !== undefined,
  };
  const routeOf = routeTable(MODE_ROUTING[mode], shape, destination, source, flags);
  const weights = new EntryWeights(2);
  weights.set(NODE, 1);
  const isDown = new Uint8Array(2);
  const way = {
    traffic,
    routeOf,
    followsNodeHints: false,
    dependsOnOwn: routeOf(true, true, true).endpoints === 'local',
    weights,
    places: null,
    dropCause: source === 'outside' ? LossCause.loadBalancer : LossCause.noLocalEndpoints,
  };
  const routes = new RoutesByRules({ clientsOf: () => way, own: context.own, zoneOfNode: [0, 0], isDown });
  const { outcome, set, isMasqueraded } = routes.routeOf(0, 0, NODE);
  const socketOf = (pod: number): string => endpoints[pod]![0]!;
  const tally = new TrafficTally();
  const flow = new ShareFlow({
    ...way,
    ...context,
    isDown,
    requestsPerSecond: 100,
    isFromOutside: source === 'outside',
    tally,
    startNs: 0,
  });
  traffic.flows.push(flow);
  flow.enter(NODE, 0, 0);
  const loads = new Map<number, number>();
  flow.forEachSet(
    () => 0,
    (version, zone, node, perEndpoint) => {
      for (const pod of traffic.known) if (traffic.holds(pod, version, zone, node)) loads.set(pod, perEndpoint);
    },
  );
  traffic.settle(NS_PER_SECOND);
  return {
    connection: set === null ? outcome : `${isMasqueraded ? 'SNAT ' : ''}${[...set.pods].map(socketOf).join(' ')}`,
    set: set === null ? [] : [...set.pods],
    isMasqueraded,
    tally,
    loads,
    readyLoads: podLoads(traffic).perSecond,
    nodeOf,
  };
}

/** A node without ranges of pods detects no local traffic. */
const flagsOf = ({ masqueradeAll = false, podCIDRs = [] }: Partial<NodeRoutingConfig>): RoutingFlags => ({
  masqueradeAll,
  detectsLocalTraffic: podCIDRs !== null,
});

/** The flow meets what the words say, at both levels. */
function expectResult(mode: ProxyModeName, flow: Flow, result: string, settings: Partial<NodeRoutingConfig>): void {
  const { connection, set, isMasqueraded, tally, loads, readyLoads, nodeOf } = meet(mode, flow, flagsOf(settings));
  expect(connection).toBe(result);
  expect(tally.sent).toBeCloseTo(100, 9);
  if (set.length === 0) {
    expect(tally.served).toBe(0);
    expect(result === 'REJECT' ? tally.refused : tally.timedOut).toBeCloseTo(100, 9);
    const none = flow.source === 'outside' ? LossCause.loadBalancer : LossCause.noLocalEndpoints;
    expect(tally.lostBy[result === 'REJECT' ? LossCause.noEndpoints : none]).toBeCloseTo(100, 9);
    expect(loads.size).toBe(0);
    return;
  }
  expect(tally.lost).toBe(0);
  expect(tally.served).toBeCloseTo(100, 9);
  expect(tally.masqueraded).toBeCloseTo(isMasqueraded ? 100 : 0, 9);
  const away = set.filter((pod) => nodeOf(pod) !== NODE).length / set.length;
  expect(tally.secondHop).toBeCloseTo(100 * away, 9);
  expect([...loads.keys()].sort((a, b) => a - b)).toEqual(set);
  for (const load of loads.values()) expect(load).toBeCloseTo(100 / set.length, 9);
  for (const load of readyLoads) expect(Math.min(load, Math.abs(load - 100 / set.length))).toBeCloseTo(0, 9);
}

describe("Kubernetes' packet flow tests, as flows", () => {
  const all = cases.flatMap(({ packets, ...group }) => packets.map((packet) => ({ ...group, packet })));
  const expressed = all.flatMap((one) => {
    const flow = flowOf(services[one.services]!, one.packet);
    return flow === null ? [] : [{ ...one, flow }];
  });

  it('can be expressed but for a few', () => {
    expect({ all: all.length, expressed: expressed.length }).toEqual({ all: 152, expressed: 135 });
  });

  it.each(expressed)('$test, $mode, $services: $packet', ({ mode, flow, packet, settings }) => {
    expectResult(mode, flow, packet[4], settings);
  });

  it.each(MODES)('and in mode %s each of them meets what its first packet does', (mode) => {
    for (const { flow, packet, services: name, settings: given } of expressed) {
      const settings = { ...given, nodePortAddresses: 'all' } as const;
      expectResult(mode, flow, resultOf(routing(mode, services[name]!, settings), packet), settings);
    }
  });
});

it('any flow to any service meets what its first packet does', () => {
  const endpoint = fc
    .tuple(fc.integer({ min: 1, max: 250 }), fc.constantFrom('ready', 'ending', 'gone', 'unready'), fc.boolean())
    .map(([host, state, here]) => `10.180.0.${host}:80 ${state}${here ? ' here' : ''}`);
  fc.assert(
    fc.property(
      fc.record({
        mode: fc.constantFrom(...MODES),
        endpoints: fc.uniqueArray(endpoint, { maxLength: 6, selector: (text) => text.split(' ', 1)[0] }),
        internal: fc.constantFrom(undefined, 'Local' as const),
        external: fc.constantFrom(undefined, 'Local' as const),
        isInternalOnly: fc.boolean(),
        source: fc.constantFrom(POD, OUTSIDE, THIS_NODE),
        to: fc.constantFrom<readonly [string, number]>(
          ['172.30.0.41', 80],
          [THIS_NODE, 3001],
          ['1.2.3.4', 80],
          ['192.0.2.7', 80],
        ),
        settings: fc.record({ masqueradeAll: fc.boolean(), podCIDRs: fc.constantFrom(undefined, null) }),
      }),
      ({ mode, endpoints, internal, external, isInternalOnly, source, to, settings: given }) => {
        const { podCIDRs, masqueradeAll } = given;
        const settings = { masqueradeAll, ...(podCIDRs === null && { podCIDRs }) };
        const { clusterIP, port, protocol, ...reached } = FULL;
        const service = {
          ...(isInternalOnly ? {} : reached),
          clusterIP,
          port,
          protocol,
          endpoints,
          ...(internal && { internal }),
          ...(external && { external }),
        };
        const flow = flowOf([service], [source, ...to]);
        fc.pre(flow !== null);
        expectResult(mode, flow, resultOf(routing(mode, [service], settings), [source, ...to]), settings);
      },
    ),
    { numRuns: 1000 },
  );
});
