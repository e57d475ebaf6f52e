/**
 * The share level against a twin that keeps every node's endpoints as a list, and works out after each change, node by node and
 * endpoint by endpoint, what becomes of requests: with the selection and the routes that upstream's own cases are held to.
 */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Simulation } from '../../kernel/simulation.js';
import { CLUSTER_IP, type ServiceShape } from '../cluster/service-shape.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from '../node/endpoint-ledger.js';
import type { ProxyModeName } from '../node/proxy-modes/proxy-mode.js';
import { categorizeEndpoints, type RoutableEndpoint } from '../node/service-routing/categorize-endpoints.js';
import {
  MODE_ROUTING,
  type PacketSource,
  type ServiceDestination,
  serviceRoute,
} from '../node/service-routing/service-route.js';
import { Acceptance } from './connection-routes.js';
import { EndpointRecords } from './endpoint-records.js';
import { EntryWeights } from './entry-weights.js';
import type { LoadBalancer, WeightListener } from './load-balancers/load-balancer.js';
import { NodeEndpoints } from './node-endpoints.js';
import { podLoads } from './pod-loads.js';
import { routeTable } from './route-table.js';
import { ServiceTraffic } from './service-traffic.js';
import { ServiceVersions } from './service-versions.js';
import { ShareFlow } from './share-flow.js';
import { LossCause } from './loss-cause.js';
import { TrafficTally } from './traffic-tally.js';
import { Traffic } from './traffic.js';

const NODES = 5;
const ZONES = 2;
const PODS = 9;
const RATE = 1000;
const NS_PER_SECOND = 1e9;
const nodeOf = (pod: number): number => pod % (NODES - 1);
const zoneOf = (node: number): number => node % ZONES;
const ZONE_OF_NODE = Array.from({ length: NODES }, (_, node) => zoneOf(node));

interface Setting {
  readonly mode: ProxyModeName;
  readonly policy: 'Cluster' | 'Local';
  readonly from: 'inside' | 'outside';
  readonly hints: 'none' | 'zone' | 'node';
}

type Step =
  | {
      readonly kind: 'write';
      readonly pods: readonly number[];
      readonly state: EndpointState;
      readonly hintedZone: number;
    }
  | { readonly kind: 'sync'; readonly node: number; readonly takesNs: number }
  | { readonly kind: 'accept'; readonly pod: number; readonly acceptance: Acceptance }
  | { readonly kind: 'down'; readonly node: number; readonly isDown: boolean }
  | { readonly kind: 'weight'; readonly node: number; readonly weight: number };

/** A load balancer whose targets the test sets. */
class SetByHand implements LoadBalancer {
  onWeight: WeightListener = () => {};

  start(_: unknown, onWeight: WeightListener): void {
    this.onWeight = onWeight;
    for (let node = 0; node < NODES; node++) onWeight(node, 1);
  }

  nodeAnswers(): void {}

  endpointsPublished(): void {}
}

const shapeOf = ({ policy, from }: Setting): ServiceShape =>
  from === 'outside'
    ? { ...CLUSTER_IP, type: 'LoadBalancer', loadBalancerIPs: 1, externalTrafficPolicy: policy }
    : { ...CLUSTER_IP, internalTrafficPolicy: policy };

const routeArguments = ({ mode, from }: Setting) =>
  [
    MODE_ROUTING[mode],
    from === 'outside' ? 'loadBalancerIP' : 'clusterIP',
    from === 'outside' ? 'outside' : 'pod',
  ] as const satisfies readonly [unknown, ServiceDestination, PacketSource];

const FLAGS = { masqueradeAll: false, detectsLocalTraffic: true };

/** What the share level has in sums, as lists. */
class Twin {
  readonly lost = new Float64Array(6);
  sent = 0;
  served = 0;
  secondHop = 0;
  crossZone = 0;
  refused = 0;
  readonly loads = new Float64Array(PODS);
  /** Endpoints after each write. */
  readonly versions: (readonly EndpointUpdate[])[];
  readonly applied = new Int32Array(NODES);
  readonly isDown = new Uint8Array(NODES);
  readonly weight = new Float64Array(NODES).fill(1);
  readonly acceptance: Acceptance[] = Array.from({ length: PODS }, () => Acceptance.accepts);
  readonly #setting: Setting;

  constructor(setting: Setting, initial: readonly EndpointUpdate[]) {
    this.#setting = setting;
    this.versions = [initial];
  }

  elapse(seconds: number): void {
    this.loads.fill(0);
    const isOutside = this.#setting.from === 'outside';
    const total = isOutside ? this.weight.reduce((sum, weight) => sum + weight, 0) : NODES;
    if (total === 0) {
      this.sent += RATE * seconds;
      this.#lose(LossCause.loadBalancer, false, RATE * seconds);
      return;
    }
    for (let node = 0; node < NODES; node++) {
      const weight = isOutside ? this.weight[node]! : 1;
      const perSecond = (RATE * weight) / total;
      if (this.isDown[node] === 1 && !isOutside) continue;
      this.sent += perSecond * seconds;
      if (this.isDown[node] === 1) this.#lose(LossCause.loadBalancer, false, perSecond * seconds);
      else this.#send(node, perSecond, seconds);
    }
  }

  #send(node: number, perSecond: number, seconds: number): void {
    const setting = this.#setting;
    const updates = this.versions[this.applied[node]!]!;
    const endpoints = updates
      .filter(({ state }) => state !== EndpointState.unusable)
      .map(({ endpoint, state, hintedZone }): RoutableEndpoint & { readonly pod: number } => ({
        pod: endpoint,
        isReady: state === EndpointState.ready,
        isServing: true,
        isTerminating: state === EndpointState.terminating,
        isLocal: nodeOf(endpoint) === node,
        zoneHints: hintedZone === NO_ZONE ? [] : [`zone-${hintedZone}`],
        nodeHints: setting.hints === 'node' && hintedZone !== NO_ZONE ? [`node-${nodeOf(endpoint)}`] : [],
      }));
    const shape = shapeOf(setting);
    // userspace mode knows nothing of policies.
    const sets = categorizeEndpoints(
      setting.mode === 'userspace' ? CLUSTER_IP : shape,
      endpoints,
      { name: `node-${node}`, zone: `zone-${zoneOf(node)}` },
      {
        terminatingEndpoints: true,
        topologyHints: setting.hints !== 'none',
        preferSameTrafficDistribution: setting.hints === 'node',
      },
    );
    const sizes = { cluster: sets.cluster?.length ?? 0, local: sets.local?.length ?? 0, isAnywhere: sets.isAnywhere };
    const [mode, destination, source] = routeArguments(setting);
    const route = serviceRoute(mode, shape, sizes, destination, source, true, FLAGS);
    const amount = perSecond * seconds;
    if (route.outcome === 'REJECT') return this.#lose(LossCause.noEndpoints, true, amount);
    if (route.outcome === 'DROP') {
      return this.#lose(
        setting.from === 'outside' ? LossCause.loadBalancer : LossCause.noLocalEndpoints,
        false,
        amount,
      );
    }
    const set = (route.endpoints === 'local' ? sets.local : sets.cluster)!;
    for (const { pod } of set) {
      const acceptance = this.acceptance[pod]!;
      const share = amount / set.length;
      if (acceptance !== Acceptance.accepts) {
        const isStale = acceptance === Acceptance.stopped;
        const isRefused = isStale || acceptance === Acceptance.refuses;
        this.#lose(isStale ? LossCause.staleRules : LossCause.failedPods, isRefused, share);
        continue;
      }
      this.loads[pod]! += perSecond / set.length;
      this.served += share;
      if (nodeOf(pod) !== node) this.secondHop += share;
      if (zoneOf(nodeOf(pod)) !== zoneOf(node)) this.crossZone += share;
    }
  }

  #lose(cause: LossCause, isRefused: boolean, amount: number): void {
    this.lost[cause]! += amount;
    if (isRefused) this.refused += amount;
  }
}

function play(setting: Setting, steps: readonly Step[]): { tally: TrafficTally; twin: Twin; loads: Float64Array } {
  const simulation = new Simulation();
  const shape = shapeOf(setting);
  const [mode, destination, source] = routeArguments(setting);
  const log = { service: new Int32Array(200), nextOfService: new Int32Array(200).fill(0x7fffffff) };
  let length = 0;
  const acceptance = Array.from({ length: PODS }, (): Acceptance => Acceptance.accepts);
  const initial: EndpointUpdate[] = Array.from({ length: PODS }, (_, endpoint) => ({
    endpoint,
    state: endpoint < 6 ? EndpointState.ready : EndpointState.unusable,
    hintedZone: setting.hints === 'none' ? NO_ZONE : zoneOf(nodeOf(endpoint)),
  }));
  const shared = {
    records: new EndpointRecords(),
    own: new NodeEndpoints(),
    zoneOfNode: ZONE_OF_NODE,
    nodeOf,
    acceptanceOf: (pod: number) => acceptance[pod]!,
    applied: new Int32Array(NODES),
  };
  const service = new ServiceTraffic({
    ...shared,
    service: 0,
    versions: new ServiceVersions(ZONES, setting.hints !== 'none', NODES),
  });
  service.start(initial);
  const weights = new EntryWeights(NODES);
  const loadBalancer = new SetByHand();
  if (setting.from === 'outside') {
    service.balanced = { loadBalancer, weights, check: { protocol: 'HTTP', externalTrafficPolicy: setting.policy } };
  } else {
    for (let node = 0; node < NODES; node++) weights.set(node, 1);
  }
  const tally = new TrafficTally();
  const isDown = new Uint8Array(NODES);
  const routeOf = routeTable(mode, shape, destination, source, FLAGS);
  service.flows.push(
    new ShareFlow({
      service: 0,
      versions: service.context.versions,
      own: shared.own,
      zoneOfNode: ZONE_OF_NODE,
      isDown,
      routeOf,
      dependsOnOwn: setting.hints === 'node' || routeOf(true, true, true).endpoints === 'local',
      followsNodeHints: setting.hints === 'node',
      weights,
      requestsPerSecond: RATE,
      isFromOutside: setting.from === 'outside',
      dropCause: setting.from === 'outside' ? LossCause.loadBalancer : LossCause.noLocalEndpoints,
      tally,
      startNs: 0,
    }),
  );
  const traffic = new Traffic(simulation, {
    log,
    levels: [],
    services: [service],
    tally,
    startNs: 0,
    applied: shared.applied,
    isDown,
    nodeOf,
    serviceOf: () => 0,
    capacityOf: () => null,
    insideWeights: setting.from === 'outside' ? [] : [{ weights, weightOf: () => 1 }],
  });
  const twin = new Twin(setting, initial);
  const syncsUntilNs = new Float64Array(NODES);
  let countedNs = 0;
  const elapse = (nowNs: number): void => {
    twin.elapse((nowNs - countedNs) / NS_PER_SECOND);
    countedNs = nowNs;
  };
  const commitKind = simulation.registerKind('twin: rules committed', (node, end) => {
    elapse(simulation.nowNs);
    twin.applied[node] = end;
  });
  const act = (step: Step): void => {
    const { nowNs } = simulation;
    elapse(nowNs);
    switch (step.kind) {
      case 'write': {
        const updates = [...new Set(step.pods)].map((endpoint) => ({
          endpoint,
          state: step.state,
          hintedZone: setting.hints === 'none' ? NO_ZONE : step.hintedZone < 0 ? NO_ZONE : zoneOf(nodeOf(endpoint)),
        }));
        const after = new Map(twin.versions.at(-1)!.map((update) => [update.endpoint, update]));
        for (const update of updates) after.set(update.endpoint, update);
        twin.versions.push([...after.values()]);
        if (length > 0) log.nextOfService[length - 1] = length;
        traffic.onAppend(length++, 0, updates);
        return;
      }
      case 'sync': {
        if (syncsUntilNs[step.node]! > nowNs) return;
        const endNs = nowNs + step.takesNs;
        syncsUntilNs[step.node] = endNs;
        simulation.schedule(endNs, commitKind, step.node, length);
        traffic.onSync(step.node, length, endNs);
        return;
      }
      case 'accept': {
        const before = acceptance[step.pod]!;
        if (before === step.acceptance) return;
        acceptance[step.pod] = step.acceptance;
        twin.acceptance[step.pod] = step.acceptance;
        traffic.onAcceptance(step.pod, step.acceptance, before);
        return;
      }
      case 'down':
        twin.isDown[step.node] = step.isDown ? 1 : 0;
        traffic.nodeDown(step.node, step.isDown);
        return;
      case 'weight':
        if (setting.from !== 'outside') return;
        twin.weight[step.node] = step.weight;
        loadBalancer.onWeight(step.node, step.weight);
    }
  };
  const stepKind = simulation.registerKind('step', (index) => act(steps[index]!));
  // Steps fall into the syncs as well as between them.
  for (const index of steps.keys()) simulation.schedule((index + 1) * 100_000_000, stepKind, index);
  const endNs = (steps.length + 20) * 100_000_000;
  simulation.run(endNs);
  elapse(endNs);
  traffic.end(endNs);
  const { pods, perSecond } = podLoads(service);
  const loads = new Float64Array(PODS);
  for (const [place, pod] of pods.entries()) loads[pod] = perSecond[place]!;
  // Loads are of pods that are ready at the newest version and accept.
  const newest = new Map(twin.versions.at(-1)!.map(({ endpoint, state }) => [endpoint, state]));
  for (let pod = 0; pod < PODS; pod++) {
    if (newest.get(pod) !== EndpointState.ready || acceptance[pod] !== Acceptance.accepts) twin.loads[pod] = 0;
  }
  return { tally, twin, loads };
}

const node = fc.integer({ min: 0, max: NODES - 1 });
const pod = fc.integer({ min: 0, max: PODS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      pods: fc.array(pod, { minLength: 1, maxLength: 5 }),
      state: fc.constantFrom(...Object.values(EndpointState)),
      hintedZone: fc.constantFrom(0, 0, 0, NO_ZONE),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sync' as const),
      node,
      takesNs: fc.integer({ min: 0, max: 450_000_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('accept' as const),
      pod,
      acceptance: fc.constantFrom(...Object.values(Acceptance)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('down' as const), node, isDown: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('weight' as const), node, weight: fc.constantFrom(0, 1, 1, 2.5) }),
  },
);
const setting: fc.Arbitrary<Setting> = fc.record({
  mode: fc.constantFrom('iptables', 'ipvs', 'nftables', 'userspace'),
  policy: fc.constantFrom('Cluster', 'Local'),
  from: fc.constantFrom('inside', 'outside'),
  hints: fc.constantFrom('none', 'zone', 'node'),
});

test('rates by versions of a service are those of a twin that looks at every node and endpoint after each change', () => {
  fc.assert(
    fc.property(setting, fc.array(step, { maxLength: 60 }), (how, steps) => {
      const { tally, twin, loads } = play(how, steps);
      const close = (value: number, expected: number): void => expect(value).toBeCloseTo(expected, 6);
      close(tally.sent, twin.sent);
      close(tally.served, twin.served);
      close(tally.secondHop, twin.secondHop);
      close(tally.crossZone, twin.crossZone);
      close(tally.refused, twin.refused);
      for (const [cause, amount] of twin.lost.entries()) close(tally.lostBy[cause]!, amount);
      close(tally.served + tally.lost, tally.sent);
      for (const [index, load] of twin.loads.entries()) close(loads[index]!, load);
    }),
    { numRuns: 500 },
  );
});

test('a level of events hears of a lost node when nobody enters by it any more', () => {
  const isDown = new Uint8Array(NODES);
  const weights = new EntryWeights(NODES);
  for (const each of ZONE_OF_NODE.keys()) weights.set(each, 1);
  const heard: (readonly number[])[] = [];
  const traffic = new Traffic(new Simulation(), {
    startNs: 0,
    levels: [
      {
        pendingEvents: 0,
        underWay: 0,
        start: () => {},
        stop: () => {},
        nodeLost: (lost) => heard.push([lost, isDown[lost]!, weights.weight[lost]!]),
        end: () => ({ scalars: {}, distributions: {} }),
      },
    ],
    log: { service: new Int32Array(0), nextOfService: new Int32Array(0) },
    services: [],
    tally: new TrafficTally(),
    applied: new Int32Array(NODES),
    isDown,
    nodeOf,
    serviceOf: () => 0,
    capacityOf: () => null,
    insideWeights: [{ weights, weightOf: () => 1 }],
  });
  traffic.nodeDown(2, true);
  traffic.nodeDown(2, false);
  expect(heard).toEqual([[2, 1, 0]]);
  expect([isDown[2], weights.weight[2]]).toEqual([0, 1]);
});
