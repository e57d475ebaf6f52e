/**
 * What a node programs when that depends on the node: the sums and corrections of rule-history.ts against the twin, which counts
 * what every node has by itself. The mode below counts everything that a service can look like from a node.
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import type { Histogram } from '../../stats/histogram.js';
import { createNodes } from '../cluster/nodes.js';
import { CLUSTER_IP, servicePorts, type ServiceShape } from '../cluster/service-shape.js';
import { NO_TRIGGER, WatchFanOut } from '../controlplane/watch-fan-out.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from './endpoint-ledger.js';
import type { RoutedService } from './endpoint-view.js';
import { KubeProxies, type KubeProxyParameters } from './kube-proxies.js';
import { createProxyRecorders } from './latency-samples.js';
import { NaiveKubeProxies } from './naive-kube-proxies.js';
import type { EndpointCounts, ProxyMode, SyncWork } from './proxy-modes/proxy-mode.js';
import type { Routing } from './rule-history.js';
import { MinIntervalRunner, TokenBucketRunner } from './sync-runner.js';

const SECOND = 1e9;
const HOUR = 3600 * SECOND;
const ZONES = 2;

/** The time of a sync tells every quantity and all of its work apart, so that equal samples mean equal rules. */
const countingMode: ProxyMode = {
  name: 'iptables',
  quantities: ['cluster', 'local', 'reachable', 'anywhere'],
  count(shape, { cluster, local, reachable, isAnywhere }, counts) {
    const ports = servicePorts(shape);
    counts.set([ports * cluster, ports * local, ports * reachable, isAnywhere ? ports : 0]);
  },
  linesOfChangedService: (shape, { cluster, local, reachable }: EndpointCounts) =>
    servicePorts(shape) * (cluster + 7 * local + 49 * reachable),
  // Every third quarter of a second or so: clean-ups come and stay away.
  cleansUp: (_tables, sinceCleanUpNs) => sinceCleanUpNs % SECOND > 0.3 * SECOND,
  deletesAtOnce: false,
  gauges: () => ({}),
  isRefused: () => false,
  backgroundNs: () => 0,
  syncNs: ({
    kind,
    tables,
    changedLines,
    changedServices,
    changedEndpoints,
    goneEndpoints,
    staleEndpoints,
  }: SyncWork) =>
    1e6 * (1 + tables[0]! + 31 * tables[1]! + 977 * tables[2]! + 30_011 * tables[3]! * 1e-3) +
    1e3 * changedLines +
    100 * changedServices +
    10 * changedEndpoints +
    3 * goneEndpoints +
    5 * staleEndpoints +
    kind,
};

const local: ServiceShape = { ...CLUSTER_IP, type: 'NodePort', externalTrafficPolicy: 'Local' };
const inside: ServiceShape = { ...CLUSTER_IP, internalTrafficPolicy: 'Local' };
const SERVICES: readonly RoutedService[] = [
  { shape: CLUSTER_IP, hints: 'none' },
  { shape: local, hints: 'none' },
  { shape: inside, hints: 'none' },
  { shape: CLUSTER_IP, hints: 'zone' },
  { shape: local, hints: 'zone' },
  { shape: CLUSTER_IP, hints: 'node' },
  { shape: local, hints: 'node' },
  { shape: { ...CLUSTER_IP, ports: 3 }, hints: 'none' },
  { shape: { ...local, ports: 2 }, hints: 'zone' },
];
/** Endpoints of each service, dealt to the nodes in turn; one in seven is on no node. */
const ENDPOINTS = 6;

interface Change {
  readonly afterNs: number;
  readonly service: number;
  readonly which: number;
  readonly state: EndpointState;
  readonly hint: 'own' | 'other' | 'none';
}
interface Case {
  readonly nodes: number;
  readonly generation: 'token-bucket' | 'min-interval';
  readonly minSyncPeriodNs: number;
  readonly changes: readonly Change[];
  readonly failures: readonly { readonly atNs: number; readonly node: number; readonly forNs: number }[];
}

function run(
  kind: 'cursor' | 'naive',
  { nodes: count, generation, minSyncPeriodNs, changes, failures }: Case,
): unknown {
  const simulation = new Simulation();
  const nodes = createNodes(
    {
      nodes: count,
      zones: ZONES,
      apiServerToNodeLatencyNs: { min: 100_000, max: 30_000_000 },
      nodeSpeedFactor: 0.02,
      nodeSpeedVariation: 0.3,
    },
    new RandomStreams(5, 0),
  );
  const log = new WatchFanOut(SERVICES.length, {
    apiServers: 1,
    watchers: count,
    watchCacheLatencyNs: 1_000_000,
    dispatchPerWatcherNs: 1000,
    networkBandwidthBitsPerSecond: null,
    latencyNs: nodes.latencyNs,
  });
  const nodeOf = (endpoint: number): number => (endpoint % 7 === 6 ? -1 : endpoint % count);
  const routing: Routing = {
    services: SERVICES.length,
    serviceOf: (service) => SERVICES[service]!,
    zones: ZONES,
    zoneOfNode: nodes.zone,
    nodeOf,
  };
  const update = (service: number, which: number, state: EndpointState, hint: Change['hint']): EndpointUpdate => {
    const endpoint = service * ENDPOINTS + which;
    const node = nodeOf(endpoint);
    const ownZone = node < 0 ? 0 : nodes.zone[node]!;
    const isHinted = SERVICES[service]!.hints !== 'none' && hint !== 'none';
    return { endpoint, state, hintedZone: !isHinted ? NO_ZONE : hint === 'own' ? ownZone : 1 - ownZone };
  };
  const intervals = { minIntervalNs: minSyncPeriodNs, retryIntervalNs: 3 * SECOND, maxIntervalNs: HOUR };
  const parameters: KubeProxyParameters = {
    mode: countingMode,
    routing,
    runner:
      generation === 'min-interval'
        ? new MinIntervalRunner(count, intervals)
        : new TokenBucketRunner(count, intervals, 2),
    partialSync: true,
    fullSyncIntervalNs: HOUR,
    lastFullSyncNs: new Float64Array(count).fill(-SECOND),
    syncPeriodNs: 30e9,
    measureFromNs: 0,
  };
  const half = ENDPOINTS / 2;
  const ready = new Int32Array(SERVICES.length).fill(half);
  const initial = (service: number) => ({
    ready: half,
    updates: Array.from({ length: half }, (_, which) => update(service, which, EndpointState.ready, 'own')),
  });
  const samples = createProxyRecorders();
  const endNs = HOUR / 2;
  const proxies =
    kind === 'cursor'
      ? new KubeProxies(simulation, log, nodes, initial, parameters, samples)
      : new NaiveKubeProxies(simulation, log, nodes, initial, parameters, samples, endNs);
  const states = new Map<number, EndpointState>();
  for (const service of SERVICES.keys()) {
    for (let which = 0; which < half; which++) states.set(service * ENDPOINTS + which, EndpointState.ready);
  }
  const commit = simulation.registerKind('commit', (index) => {
    const { service, which, state, hint } = changes[index]!;
    const change = update(service, which, state, hint);
    const wasReady = states.get(change.endpoint) === EndpointState.ready;
    states.set(change.endpoint, state);
    ready[service]! += Number(state === EndpointState.ready) - Number(wasReady);
    const { nowNs } = simulation;
    const entry = log.append(
      {
        service,
        bytes: 1000,
        changeNs: nowNs,
        triggerNs: index % 3 === 0 ? NO_TRIGGER : nowNs,
        isDeletion: false,
        endpointsAfter: ready[service]!,
      },
      nowNs,
    );
    proxies.onAppend(entry, [change]);
  });
  let atNs = 0;
  for (const [index, { afterNs }] of changes.entries()) simulation.schedule((atNs += afterNs), commit, index);
  const fail = simulation.registerKind('fail', (index) => {
    const { node, forNs } = failures[index]!;
    proxies.failUntil(node % count, simulation.nowNs + forNs);
  });
  for (const [index, failure] of failures.entries()) simulation.schedule(failure.atNs, fail, index);
  simulation.run(endNs);
  if (proxies instanceof KubeProxies) proxies.end(endNs);
  return {
    syncs: proxies.syncs,
    fullSyncs: proxies.fullSyncs,
    failedSyncs: proxies.failedSyncs,
    deliveries: proxies.deliveries,
    distributions: Object.entries(samples).map(([name, histogram]: [string, Histogram]) => {
      const { sum: _sum, ...exact } = histogram.toSparse();
      return { name, ...exact };
    }),
  };
}

const cases = fc.record<Case>({
  nodes: fc.integer({ min: 1, max: 6 }),
  generation: fc.constantFrom('token-bucket', 'min-interval'),
  minSyncPeriodNs: fc.constantFrom(0, 0.2 * SECOND, SECOND, 5 * SECOND),
  changes: fc.array(
    fc.record<Change>({
      afterNs: fc.oneof(fc.integer({ min: 0, max: 0.05 * SECOND }), fc.integer({ min: 0, max: 4 * SECOND })),
      service: fc.nat(SERVICES.length - 1),
      which: fc.nat(ENDPOINTS - 1),
      state: fc.constantFrom(EndpointState.unusable, EndpointState.ready, EndpointState.terminating),
      hint: fc.constantFrom('own', 'own', 'other', 'none'),
    }),
    { maxLength: 60 },
  ),
  failures: fc.array(
    fc.record({
      atNs: fc.integer({ min: 0, max: 60 * SECOND }),
      node: fc.nat(5),
      forNs: fc.integer({ min: 1, max: 10 * SECOND }),
    }),
    { maxLength: 4 },
  ),
});

describe('nodes that differ in their rules', () => {
  it('program what the twin programs, with policies, hints, terminating endpoints and syncs that fail', () => {
    fc.assert(
      fc.property(cases, (example) => {
        const cursor = run('cursor', example);
        expect(cursor).toEqual(run('naive', example));
        expect(cursor).toMatchObject({ deliveries: example.changes.length * example.nodes });
      }),
      { numRuns: 300 },
    );
  });

  it('take the retry interval to get over a sync that failed, unless another change comes', () => {
    const change: Change = { afterNs: SECOND, service: 0, which: 0, state: EndpointState.unusable, hint: 'own' };
    const outcome = run('cursor', {
      nodes: 1,
      generation: 'min-interval',
      minSyncPeriodNs: SECOND,
      changes: [change],
      failures: [{ atNs: 0.5 * SECOND, node: 0, forNs: 5 * SECOND }],
    }) as { failedSyncs: number; fullSyncs: number };
    // At 1 s the sync fails, 3 s later (at about 4.6 s, still within the failing time) the retry, and another 3 s later none.
    expect(outcome).toMatchObject({ failedSyncs: 2, fullSyncs: 2 });
  });
});
