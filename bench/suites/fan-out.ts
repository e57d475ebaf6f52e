import { RandomStreams } from '../../sim/kernel/random.js';
import { Simulation } from '../../sim/kernel/simulation.js';
import { createNodes, type NodeTable } from '../../sim/model/cluster/nodes.js';
import { WatchFanOut, type EndpointWrite } from '../../sim/model/controlplane/watch-fan-out.js';
import { IptablesMode } from '../../sim/model/node/proxy-modes/iptables/iptables-mode.js';
import { KubeProxies, type KubeProxyParameters } from '../../sim/model/node/kube-proxies.js';
import { createProxyRecorders, type ProxyRecorders } from '../../sim/model/node/latency-samples.js';
import { NaiveKubeProxies } from '../../sim/model/node/naive-kube-proxies.js';
import { TokenBucketRunner } from '../../sim/model/node/sync-runner.js';
import { Histogram } from '../../sim/stats/histogram.js';
import { initially, plainRouting } from '../../sim/testing/plain-routing.js';
import type { Suite, Task } from '../suite.js';

const NODES = 5000;
/** For the gate: so few that a neighbour on the machine cannot push their state out of the caches. */
const FEW_NODES = 500;
const SERVICES = 100;
const UPDATES = 200;
/** A hundred a second: the client limit of the controllers in the official 5,000-node load test. */
const UPDATE_GAP_NS = 10e6;
const HOUR_NS = 3600e9;

const CURSOR = 'cursor, 5,000 nodes';
const TWIN = 'naive twin with an event per delivery, 5,000 nodes';

interface Cluster {
  readonly nodes: NodeTable;
  readonly writes: readonly EndpointWrite[];
  readonly lastFullSyncNs: Float64Array;
}

function createCluster(nodes: number): Cluster {
  const streams = new RandomStreams('bench', 0);
  const stream = streams.stream('writes');
  return {
    nodes: createNodes(
      {
        nodes,
        zones: 3,
        apiServerToNodeLatencyNs: { min: 200_000, max: 1_000_000 },
        nodeSpeedFactor: 1,
        nodeSpeedVariation: 0.1,
      },
      streams,
    ),
    writes: Array.from({ length: UPDATES }, (_, update) => ({
      service: stream.integerBelow(SERVICES),
      bytes: 1000 + stream.integerBelow(16_000),
      changeNs: update * UPDATE_GAP_NS,
      triggerNs: update * UPDATE_GAP_NS,
      isDeletion: false,
      endpointsAfter: 90 + stream.integerBelow(20),
    })),
    lastFullSyncNs: new Float64Array(nodes),
  };
}

/** Simulates all updates on all nodes and returns the samples. */
function simulate(Proxies: typeof KubeProxies | typeof NaiveKubeProxies, cluster: Cluster): ProxyRecorders {
  const simulation = new Simulation();
  const log = new WatchFanOut(SERVICES, {
    apiServers: 3,
    watchers: cluster.nodes.count,
    watchCacheLatencyNs: 1_000_000,
    dispatchPerWatcherNs: 1000,
    networkBandwidthBitsPerSecond: 10e9,
    latencyNs: cluster.nodes.latencyNs,
  });
  const parameters: KubeProxyParameters = {
    mode: new IptablesMode(30e9),
    routing: plainRouting(SERVICES, cluster.nodes.count),
    runner: new TokenBucketRunner(
      cluster.nodes.count,
      { minIntervalNs: 1e9, retryIntervalNs: 30e9, maxIntervalNs: HOUR_NS },
      2,
    ),
    partialSync: true,
    fullSyncIntervalNs: HOUR_NS,
    lastFullSyncNs: cluster.lastFullSyncNs,
    syncPeriodNs: 30e9,
    measureFromNs: 0,
  };
  const recorders = createProxyRecorders();
  // The twin's timers are armed up to the end of the updates; the cursor needs none.
  const endNs = UPDATES * UPDATE_GAP_NS + HOUR_NS / 2;
  const proxies = new Proxies(simulation, log, cluster.nodes, initially(100), parameters, recorders, endNs);
  const commit = simulation.registerKind('commit', (update) => {
    proxies.onAppend(log.append(cluster.writes[update]!, simulation.nowNs), []);
  });
  for (let update = 0; update < UPDATES; update++) simulation.schedule(update * UPDATE_GAP_NS, commit, update);
  simulation.run();
  return recorders;
}

function fanOutTask(name: string, Proxies: typeof KubeProxies | typeof NaiveKubeProxies, nodes: number): Task {
  const cluster = createCluster(nodes);
  let recorders: ProxyRecorders | undefined;
  return {
    name,
    operations: nodes * UPDATES,
    gated: nodes === FEW_NODES,
    prepare: () => () => {
      recorders = simulate(Proxies, cluster);
    },
    check: {
      group: `samples of ${nodes} nodes`,
      result: () =>
        JSON.stringify(
          Object.values({ ...recorders }).map((histogram: Histogram) => {
            const { buckets, counts } = histogram.toSparse();
            return { buckets, counts };
          }),
        ),
    },
  };
}

export const fanOutSuite: Suite = {
  name: 'fan-out',
  description: `Deliveries of ${UPDATES} endpoint writes to kube-proxies, 100 writes a second`,
  tasks: [
    fanOutTask(CURSOR, KubeProxies, NODES),
    fanOutTask(TWIN, NaiveKubeProxies, NODES),
    fanOutTask('cursor, 500 nodes', KubeProxies, FEW_NODES),
  ],
  requirements: [
    {
      description: 'cursor / naive twin at 5,000 nodes',
      faster: CURSOR,
      slower: TWIN,
      atLeast: 20,
    },
  ],
};
