import { describe, expect, test } from 'vitest';

import { RandomStreams, type RandomStream } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { Histogram } from '../../stats/histogram.js';
import { initially, plainRouting } from '../../testing/plain-routing.js';
import { createNodes } from '../cluster/nodes.js';
import { NO_TRIGGER, WatchFanOut, type EndpointWrite } from '../controlplane/watch-fan-out.js';

import { KubeProxies, type KubeProxyParameters } from './kube-proxies.js';
import { createProxyRecorders } from './latency-samples.js';
import { NaiveKubeProxies } from './naive-kube-proxies.js';
import { IptablesMode } from './proxy-modes/iptables/iptables-mode.js';
import { MinIntervalRunner, TokenBucketRunner, type SyncRunner } from './sync-runner.js';

const SECOND = 1e9;
const HOUR = 3600 * SECOND;

interface Workload {
  readonly commits: readonly { readonly atNs: number; readonly write: EndpointWrite }[];
  readonly endNs: number;
}

interface Setting {
  readonly nodes: number;
  readonly services: number;
  readonly apiServers: number;
  readonly minSyncPeriodNs: number;
  readonly partialSync: boolean;
  readonly bandwidth: number | null;
  readonly generation: 'token-bucket' | 'min-interval';
}

/** Random writes: bursts and pauses, some without trigger time, some deletions. */
function randomWorkload(stream: RandomStream, services: number, writes: number, meanGapNs: number): Workload {
  const endpoints = new Int32Array(services).fill(5);
  const commits = [];
  let atNs = 0;
  for (let n = 0; n < writes; n++) {
    const burst = stream.double() < 0.3;
    atNs += Math.round(burst ? stream.double() * 1e6 : -Math.log(stream.double()) * meanGapNs);
    const service = stream.integerBelow(services);
    endpoints[service] = stream.integerBelow(30);
    const isDeletion = stream.double() < 0.1;
    const changeNs = atNs - Math.round(stream.double() * SECOND);
    const hasTrigger = !isDeletion && stream.double() < 0.7;
    commits.push({
      atNs,
      write: {
        service,
        bytes: 500 + stream.integerBelow(100_000),
        changeNs,
        triggerNs: hasTrigger ? changeNs - stream.integerBelow(SECOND) : NO_TRIGGER,
        isDeletion,
        endpointsAfter: endpoints[service],
      },
    });
  }
  return { commits, endNs: atNs + 100 * SECOND };
}

/** Runs one implementation over the workload and returns all that a report could show of it. */
function run(kind: 'cursor' | 'naive', setting: Setting, workload: Workload): unknown {
  const streams = new RandomStreams(3, 0);
  const simulation = new Simulation();
  const nodes = createNodes(
    {
      nodes: setting.nodes,
      zones: 3,
      apiServerToNodeLatencyNs: { min: 100_000, max: 3_000_000 },
      nodeSpeedFactor: 3,
      nodeSpeedVariation: 0.4,
    },
    streams,
  );
  const log = new WatchFanOut(setting.services, {
    apiServers: setting.apiServers,
    watchers: setting.nodes,
    watchCacheLatencyNs: 1_000_000,
    dispatchPerWatcherNs: 1000,
    networkBandwidthBitsPerSecond: setting.bandwidth,
    latencyNs: nodes.latencyNs,
  });
  const intervals = {
    minIntervalNs: setting.minSyncPeriodNs,
    retryIntervalNs: 30 * SECOND,
    maxIntervalNs: Math.max(HOUR, setting.minSyncPeriodNs),
  };
  const runner: SyncRunner =
    setting.generation === 'min-interval'
      ? new MinIntervalRunner(setting.nodes, intervals)
      : new TokenBucketRunner(setting.nodes, intervals, 2);
  const hash = streams.hash('last-full-sync');
  const parameters: KubeProxyParameters = {
    mode: new IptablesMode(30 * SECOND),
    routing: plainRouting(setting.services, setting.nodes),
    runner,
    partialSync: setting.partialSync,
    fullSyncIntervalNs: HOUR,
    lastFullSyncNs: Float64Array.from(
      { length: setting.nodes },
      (_, node) => -Math.round(hash.uniform(node, 0) * HOUR),
    ),
    syncPeriodNs: 30e9,
    measureFromNs: 0.3 * SECOND,
  };
  const samples = createProxyRecorders();
  const proxies =
    kind === 'cursor'
      ? new KubeProxies(simulation, log, nodes, initially(5), parameters, samples)
      : new NaiveKubeProxies(simulation, log, nodes, initially(5), parameters, samples, workload.endNs);
  const commit = simulation.registerKind('commit', (index) => {
    proxies.onAppend(log.append(workload.commits[index]!.write, simulation.nowNs), []);
  });
  workload.commits.forEach(({ atNs }, index) => simulation.schedule(atNs, commit, index));
  simulation.run();
  if (proxies instanceof KubeProxies) proxies.end(workload.endNs);
  const { observedLatency, trueLatency, fanOut, wait, sync, syncDuration } = samples;
  const bare = (histogram: Histogram): unknown => {
    // The order of adding up floating-point numbers differs, the samples may not.
    const { sum, ...exact } = histogram.toSparse();
    return { ...exact, sum: sum.toPrecision(10) };
  };
  return {
    syncs: proxies.syncs,
    fullSyncs: proxies.fullSyncs,
    deliveries: proxies.deliveries,
    observedLatency: bare(observedLatency),
    trueLatency: bare(trueLatency),
    fanOut: bare(fanOut),
    wait: bare(wait),
    sync: bare(sync),
    syncDuration: bare(syncDuration),
  };
}

describe('the cursor fan-out and the naive twin give equal samples', () => {
  const settings: Setting[] = [];
  for (const generation of ['token-bucket', 'min-interval'] as const) {
    for (const minSyncPeriodNs of [0, SECOND, 10 * SECOND]) {
      settings.push(
        { nodes: 30, services: 40, apiServers: 1, minSyncPeriodNs, partialSync: true, bandwidth: 1e9, generation },
        { nodes: 31, services: 400, apiServers: 3, minSyncPeriodNs, partialSync: false, bandwidth: null, generation },
      );
    }
  }
  for (const setting of settings) {
    const { generation, minSyncPeriodNs, partialSync, apiServers } = setting;
    const restore = partialSync ? 'partial' : 'full';
    test(`${generation} runner, minSyncPeriod ${minSyncPeriodNs / SECOND} s, ${restore} restore, ${apiServers} API servers`, () => {
      const stream = new RandomStreams(1, 0).stream('workload', generation);
      for (const [writes, meanGapNs] of [
        [300, 0.02 * SECOND],
        [200, 0.7 * SECOND],
        // Long gaps: most syncs are those of the runner's own timer.
        [12, 0.8 * HOUR],
      ] as const) {
        const workload = randomWorkload(stream, setting.services, writes, meanGapNs);
        const cursor = run('cursor', setting, workload);
        expect(cursor).toEqual(run('naive', setting, workload));
        expect(cursor).toMatchObject({ deliveries: writes * setting.nodes });
      }
    });
  }

  test('more API servers than nodes', () => {
    const setting: Setting = {
      nodes: 2,
      services: 3,
      apiServers: 5,
      minSyncPeriodNs: SECOND,
      partialSync: true,
      bandwidth: 1e8,
      generation: 'token-bucket',
    };
    const workload = randomWorkload(new RandomStreams(2, 0).stream('workload'), 3, 50, 0.1 * SECOND);
    expect(run('cursor', setting, workload)).toEqual(run('naive', setting, workload));
  });
});
