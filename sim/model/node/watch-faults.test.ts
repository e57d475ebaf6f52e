import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { RandomStreams, type RandomStream } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import type { Histogram } from '../../stats/histogram.js';
import type { NodeBack } from '../cluster/node-availability.js';
import { createNodes, type NodeTable } from '../cluster/nodes.js';
import { CLUSTER_IP, type ServiceShape } from '../cluster/service-shape.js';
import { DYNAMIC_RING, fixedRing } from '../controlplane/watch-cache.js';
import { WatchConnections } from '../controlplane/watch-connections.js';
import { NO_TRIGGER, WatchFanOut, type EndpointWrite } from '../controlplane/watch-fan-out.js';

import { EndpointState, type EndpointUpdate, NO_ZONE } from './endpoint-ledger.js';
import type { RoutedService } from './endpoint-view.js';
import { KubeProxies, type KubeProxyParameters } from './kube-proxies.js';
import { createProxyRecorders } from './latency-samples.js';
import { NaiveKubeProxies } from './naive-kube-proxies.js';
import { IptablesMode } from './proxy-modes/iptables/iptables-mode.js';
import type { InitialEndpoints, Routing } from './rule-history.js';
import { MinIntervalRunner, TokenBucketRunner, type SyncRunner } from './sync-runner.js';

const MS = 1e6;
const SECOND = 1e9;
const HOUR = 3600 * SECOND;
const SERVICES = 10;
const ZONES = 3;
/** Of each service; those with the lower numbers are ready at the start. */
const ENDPOINTS = 10;
const READY_AT_START = 5;

const LOCAL: ServiceShape = { ...CLUSTER_IP, type: 'NodePort', externalTrafficPolicy: 'Local' };
/** What services are, in turn: the same everywhere, by zone, by node. */
const ROUTED: readonly RoutedService[] = [
  { shape: CLUSTER_IP, hints: 'none' },
  { shape: LOCAL, hints: 'none' },
  { shape: CLUSTER_IP, hints: 'zone' },
  { shape: LOCAL, hints: 'node' },
];

const RETURNS: readonly NodeBack[] = ['unchanged', 'restarted', 'rebooted'];

interface Setting {
  readonly seed: number;
  readonly nodes: number;
  readonly apiServers: number;
  readonly bandwidth: number | null;
  readonly ring: number | 'dynamic';
  readonly windowBytes: number;
  readonly streamsLists: boolean;
  readonly timesOut: boolean;
  readonly minSyncPeriodNs: number;
  readonly generation: 'token-bucket' | 'min-interval';
  readonly writes: number;
  readonly meanGapNs: number;
  readonly restarts: readonly { readonly atNs: number; readonly server: number; readonly forNs: number }[];
  readonly pauses: readonly { readonly atNs: number; readonly share: number; readonly forNs: number }[];
  /** Every node from `first` on by steps of `step` that is not lost already; null: for ever. */
  readonly losses: readonly {
    readonly atNs: number;
    readonly first: number;
    readonly step: number;
    readonly forNs: number | null;
    readonly back: NodeBack;
  }[];
  /** Syncs of every node from `first` on by steps of `step`. */
  readonly failures: readonly {
    readonly atNs: number;
    readonly first: number;
    readonly step: number;
    readonly forNs: number;
  }[];
}

interface TimedWrite {
  readonly atNs: number;
  readonly write: EndpointWrite;
  readonly update: EndpointUpdate;
}

const isReadyAtStart = (endpoint: number): boolean => endpoint % ENDPOINTS < READY_AT_START;

/** Endpoints go round the nodes. */
const routingOf = ({ count, zone }: NodeTable): Routing => ({
  services: SERVICES,
  serviceOf: (service) => ROUTED[service % ROUTED.length]!,
  zones: ZONES,
  zoneOfNode: zone,
  nodeOf: (endpoint) => endpoint % count,
});

/** Every endpoint that may have a hint has one, for the zone of its node. */
function updateOf({ serviceOf, nodeOf, zoneOfNode }: Routing, endpoint: number, state: EndpointState): EndpointUpdate {
  const isHinted = serviceOf(Math.floor(endpoint / ENDPOINTS)).hints !== 'none';
  return { endpoint, state, hintedZone: isHinted ? zoneOfNode[nodeOf(endpoint)]! : NO_ZONE };
}

const initialOf = (routing: Routing, service: number): InitialEndpoints => ({
  ready: READY_AT_START,
  updates: Array.from({ length: READY_AT_START }, (_, which) =>
    updateOf(routing, service * ENDPOINTS + which, EndpointState.ready),
  ),
});

function randomWrites(stream: RandomStream, count: number, meanGapNs: number, routing: Routing): TimedWrite[] {
  const ready = new Int32Array(SERVICES).fill(READY_AT_START);
  const states = Array.from({ length: SERVICES * ENDPOINTS }, (_, endpoint): EndpointState =>
    isReadyAtStart(endpoint) ? EndpointState.ready : EndpointState.unusable,
  );
  let atNs = 0;
  return Array.from({ length: count }, () => {
    atNs += Math.round(-Math.log(stream.double()) * meanGapNs);
    const isDeletion = stream.double() < 0.1;
    const service = stream.integerBelow(SERVICES);
    const endpoint = service * ENDPOINTS + stream.integerBelow(ENDPOINTS);
    const state = stream.integerBelow(3) as EndpointState;
    ready[service]! += Number(state === EndpointState.ready) - Number(states[endpoint] === EndpointState.ready);
    states[endpoint] = state;
    const write = {
      service,
      bytes: 500 + stream.integerBelow(30_000),
      changeNs: atNs - stream.integerBelow(SECOND),
      triggerNs: !isDeletion && stream.double() < 0.7 ? atNs - stream.integerBelow(SECOND) : NO_TRIGGER,
      isDeletion,
      endpointsAfter: ready[service]!,
    };
    return { atNs, write, update: updateOf(routing, endpoint, state) };
  });
}

/** Runs one implementation of the nodes under the faults of the setting. */
function run(kind: 'cursor' | 'naive', setting: Setting) {
  const { nodes: count, apiServers, ring, minSyncPeriodNs } = setting;
  const streams = new RandomStreams(setting.seed, 0);
  const simulation = new Simulation();
  const nodes = createNodes(
    {
      nodes: count,
      zones: ZONES,
      apiServerToNodeLatencyNs: { min: 100_000, max: 3_000_000 },
      nodeSpeedFactor: 3,
      nodeSpeedVariation: 0.4,
    },
    streams,
  );
  const log = new WatchFanOut(SERVICES, {
    apiServers,
    watchers: count,
    watchCacheLatencyNs: MS,
    dispatchPerWatcherNs: 1000,
    networkBandwidthBitsPerSecond: setting.bandwidth,
    latencyNs: nodes.latencyNs,
  });
  const intervals = { minIntervalNs: minSyncPeriodNs, retryIntervalNs: 30 * SECOND, maxIntervalNs: HOUR };
  const runner: SyncRunner =
    setting.generation === 'min-interval'
      ? new MinIntervalRunner(count, intervals)
      : new TokenBucketRunner(count, intervals, 2);
  const routing = routingOf(nodes);
  const parameters: KubeProxyParameters = {
    mode: new IptablesMode(30 * SECOND),
    routing,
    runner,
    partialSync: true,
    fullSyncIntervalNs: HOUR,
    lastFullSyncNs: new Float64Array(count).fill(-SECOND),
    syncPeriodNs: 30e9,
    measureFromNs: 0,
  };
  const writes = randomWrites(streams.stream('writes'), setting.writes, setting.meanGapNs, routing);
  const initial = (service: number): InitialEndpoints => initialOf(routing, service);
  const endNs = 1000 * SECOND;
  const samples = createProxyRecorders();
  const proxies =
    kind === 'cursor'
      ? new KubeProxies(simulation, log, nodes, initial, parameters, samples)
      : new NaiveKubeProxies(simulation, log, nodes, initial, parameters, samples, endNs);
  const connections = new WatchConnections(
    simulation,
    log,
    {
      ring: ring === 'dynamic' ? DYNAMIC_RING : fixedRing(ring),
      minWatchTimeoutNs: setting.timesOut ? 3 * SECOND : null,
      streamsLists: setting.streamsLists,
      streamWindowBytes: setting.windowBytes,
      cpuCores: null,
      listCpuNs: ({ bytes }) => 8 * bytes,
      decodePerByteNs: 15,
      latencyNs: nodes.latencyNs,
    },
    () => ({ objects: SERVICES, bytes: 1e6 }),
    proxies,
    streams,
  );
  const commit = simulation.registerKind('commit', (index) => {
    const { write, update } = writes[index]!;
    const entry = log.append(write, simulation.nowNs);
    proxies.onAppend(entry, [update]);
    connections.afterAppend(entry);
  });
  writes.forEach(({ atNs }, index) => simulation.schedule(atNs, commit, index));
  const restart = simulation.registerKind('restart', (index) => {
    const { server, forNs } = setting.restarts[index]!;
    connections.restart(server % apiServers, forNs);
  });
  setting.restarts.forEach(({ atNs }, index) => simulation.schedule(atNs, restart, index));
  const pause = simulation.registerKind('pause', (index) => {
    const { share, forNs } = setting.pauses[index]!;
    connections.pause(Math.ceil(share * count), forNs, index);
  });
  setting.pauses.forEach(({ atNs }, index) => simulation.schedule(atNs, pause, index));
  const back = simulation.registerKind('back', (node, how) => connections.onNodeReturned(node, RETURNS[how]!));
  const loss = simulation.registerKind('loss', (index) => {
    const { first, step, forNs, back: how } = setting.losses[index]!;
    for (let node = first; node < count; node += step) {
      if (connections.isLost(node)) continue;
      connections.onNodeLost(node);
      if (forNs !== null) simulation.schedule(simulation.nowNs + forNs, back, node, RETURNS.indexOf(how));
    }
  });
  setting.losses.forEach(({ atNs }, index) => simulation.schedule(atNs, loss, index));
  const failure = simulation.registerKind('failure', (index) => {
    const { first, step, forNs } = setting.failures[index]!;
    for (let node = first; node < count; node += step) proxies.failUntil(node, simulation.nowNs + forNs);
  });
  setting.failures.forEach(({ atNs }, index) => simulation.schedule(atNs, failure, index));
  simulation.run(endNs);
  if (proxies instanceof KubeProxies) proxies.end(endNs);
  const histograms = Object.values(samples).map((histogram: Histogram) => histogram.toSparse());
  const outcome = {
    syncs: proxies.syncs,
    fullSyncs: proxies.fullSyncs,
    failedSyncs: proxies.failedSyncs,
    deliveries: proxies.deliveries,
    relists: connections.relists,
    terminated: connections.terminated,
    replays: connections.replays.size,
    listBytes: [...connections.listBytesOf],
    distributions: histograms.map(({ sum: _sum, ...exact }) => exact),
  };
  // The order of adding up floating-point numbers differs, the samples may not.
  const cursors = proxies instanceof KubeProxies ? [...proxies.cursor] : [];
  return { outcome, cursors, sums: histograms.map(({ sum }) => sum), log, connections };
}

const fault = fc.record({ atNs: fc.integer({ min: 0, max: 30_000 }).map((ms) => ms * MS + 12_345) });

const settings: fc.Arbitrary<Setting> = fc.record({
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  nodes: fc.integer({ min: 1, max: 25 }),
  apiServers: fc.integer({ min: 1, max: 4 }),
  bandwidth: fc.constantFrom(null, 1e8, 2e6, 2e7),
  ring: fc.constantFrom('dynamic' as const, 5, 20),
  windowBytes: fc.constantFrom(20_000, 200_000, 4_000_000),
  streamsLists: fc.boolean(),
  timesOut: fc.boolean(),
  minSyncPeriodNs: fc.constantFrom(0, SECOND, 10 * SECOND),
  generation: fc.constantFrom('token-bucket' as const, 'min-interval' as const),
  writes: fc.integer({ min: 1, max: 300 }),
  meanGapNs: fc.constantFrom(20 * MS, 100 * MS, SECOND / 2),
  restarts: fc.array(
    fc
      .record({ server: fc.integer({ min: 0, max: 3 }), forMs: fc.integer({ min: 1, max: 8000 }), fault })
      .map(({ server, forMs, fault: { atNs } }) => ({ atNs, server, forNs: forMs * MS })),
    { maxLength: 3 },
  ),
  pauses: fc.array(
    fc
      .record({
        share: fc.double({ min: 0.01, max: 1, noNaN: true }),
        forMs: fc.integer({ min: 1, max: 20_000 }),
        fault,
      })
      .map(({ share, forMs, fault: { atNs } }) => ({ atNs, share, forNs: forMs * MS })),
    { maxLength: 2 },
  ),
  losses: fc.array(
    fc
      .record({
        first: fc.integer({ min: 0, max: 10 }),
        step: fc.integer({ min: 1, max: 9 }),
        forMs: fc.option(fc.integer({ min: 1, max: 90_000 }), { freq: 2 }),
        back: fc.constantFrom(...RETURNS),
        fault,
      })
      .map(({ forMs, fault: { atNs }, ...which }) => ({
        ...which,
        atNs: atNs + 1111,
        forNs: forMs === null ? null : forMs * MS + 7777,
      })),
    { maxLength: 3 },
  ),
  failures: fc.array(
    fc
      .record({
        first: fc.integer({ min: 0, max: 10 }),
        step: fc.integer({ min: 1, max: 9 }),
        forMs: fc.integer({ min: 1, max: 60_000 }),
        fault,
      })
      .map(({ forMs, fault: { atNs }, ...which }) => ({ ...which, atNs: atNs + 2222, forNs: forMs * MS + 3333 })),
    { maxLength: 3 },
  ),
});

describe('broken watches', () => {
  test('the cursor fan-out and the naive twin give equal samples, and every node that is not lost gets every write once', () => {
    let relists = 0;
    let terminated = 0;
    let replays = 0;
    let lost = 0;
    let failed = 0;
    fc.assert(
      fc.property(settings, (setting) => {
        const { outcome, cursors, sums, log, connections } = run('cursor', setting);
        const naive = run('naive', setting);
        expect(outcome).toEqual(naive.outcome);
        sums.forEach((sum, index) => expect(Math.abs(sum - naive.sums[index]!)).toBeLessThanOrEqual(1e-9 * sum));
        expect(outcome.deliveries).toBe(cursors.reduce((sum, cursor) => sum + cursor, 0));
        let got = 0;
        for (let node = 0; node < setting.nodes; node++) {
          got += log.bytesBefore[connections.sentUpTo(node)]!;
          if (!connections.isLost(node)) expect(cursors[node]).toBe(setting.writes);
          else lost++;
          expect(cursors[node]).toBeLessThanOrEqual(connections.sentUpTo(node));
        }
        // What the servers sent is what the nodes got.
        let sent = 0;
        for (let entry = 0; entry < log.length; entry++) {
          for (let server = 0; server < log.apiServers; server++) {
            expect(log.framesOf(entry, server)).toBeGreaterThanOrEqual(0);
            sent += log.framesOf(entry, server) * log.bytes[entry]!;
          }
        }
        for (const { bytes } of connections.replays.values()) sent += bytes;
        expect(sent).toBe(got - connections.bytesReplacedByLists);
        relists += outcome.relists;
        terminated += outcome.terminated;
        replays += outcome.replays;
        failed += outcome.failedSyncs;
      }),
      { numRuns: 150 },
    );
    // The settings are no test of what never happens in them.
    expect(Math.min(relists, terminated, replays, lost, failed)).toBeGreaterThan(100);
  });
});
