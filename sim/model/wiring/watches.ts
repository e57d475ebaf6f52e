/**
 * The watches of the nodes: who sends them what, and what a LIST takes that replaces a broken one.
 *
 *   committed writes --> WatchFanOut (network, CPU of the API servers) --> WatchConnections --> kube-proxies
 *   published endpoints --> EndpointListSize ─────────────────────────────^
 */

import type { Discovery } from '../controlplane/discovery.js';
import { EndpointListSize } from '../controlplane/list-size.js';
import { DYNAMIC_RING, fixedRing } from '../controlplane/watch-cache.js';
import { WatchConnections } from '../controlplane/watch-connections.js';
import { WatchFanOut } from '../controlplane/watch-fan-out.js';
import type { KubeProxies } from '../node/kube-proxies.js';
import type { Scenario } from '../scenario.js';
import { API_SERVER_COSTS } from '../versions/costs.js';
import { WATCH_STREAM_RULES } from '../versions/watch-rules.js';
import { frameCpuNs, listCpuNs } from '../watch-traffic.js';
import { type ApiContext, type ClusterContext, NS_PER_SECOND, ns } from './context.js';
import { plainSize } from './create-discovery.js';

export function createWatchFanOut({ scenario, nodes, services }: ClusterContext): WatchFanOut {
  const { apiServer } = scenario.controlPlane;
  return new WatchFanOut(services.count, {
    apiServers: apiServer.replicas,
    watchers: scenario.cluster.nodes,
    watchCacheLatencyNs: ns(API_SERVER_COSTS.watchCacheLatency.value),
    dispatchPerWatcherNs: ns(API_SERVER_COSTS.dispatchPerWatcher.value),
    networkBandwidthBitsPerSecond: apiServer.networkBandwidthBitsPerSecond,
    ...cpuLimit(apiServer),
    latencyNs: nodes.latencyNs,
  });
}

/** What a frame takes at least on an API server with so many cores. */
function cpuLimit({ cpuCores, serializationCache }: Scenario['controlPlane']['apiServer']): {
  frameCpuNs?: { perFrame: number; perByte: number };
} {
  if (cpuCores === null) return {};
  const { perFrame, perByte } = frameCpuNs(serializationCache);
  return { frameCpuNs: { perFrame: perFrame / cpuCores, perByte: perByte / cpuCores } };
}

export function createListSize({ scenario, services }: ClusterContext, kind: Discovery['kind']): EndpointListSize {
  const { maxEndpointsPerSlice } = scenario.controlPlane.controllerManager;
  const maxPerObject = kind === 'EndpointSlice' ? maxEndpointsPerSlice : Infinity;
  return new EndpointListSize(services.count, plainSize(scenario.wire, kind), maxPerObject);
}

/** Every node's kube-proxy watches services and endpoints; other watchers are too few to make a write dearer. */
export function setWatchers({ apiServers }: ApiContext, log: WatchFanOut, kind: Discovery['kind']): void {
  const { watchers } = log.routes;
  apiServers.setWatchers('services', watchers);
  apiServers.setWatchers(kind === 'EndpointSlice' ? 'endpointslices' : 'endpoints', watchers);
}

export function createWatchConnections(
  { simulation, scenario, streams, nodes, apiServers }: ApiContext,
  log: WatchFanOut,
  listSize: EndpointListSize,
  kubeProxies: KubeProxies,
): WatchConnections {
  const { controlPlane, kubeProxy } = scenario;
  const { watchCacheSize, cpuCores } = controlPlane.apiServer;
  return new WatchConnections(
    simulation,
    log,
    {
      ring: watchCacheSize === null ? DYNAMIC_RING : fixedRing(watchCacheSize),
      minWatchTimeoutNs: kubeProxy.minWatchTimeoutNs,
      streamsLists: kubeProxy.watchListClient,
      streamWindowBytes: WATCH_STREAM_RULES.streamWindow.value,
      cpuCores,
      listCpuNs,
      decodePerByteNs: API_SERVER_COSTS.decodePerByte.value * NS_PER_SECOND,
      latencyNs: nodes.latencyNs,
    },
    () => listSize,
    kubeProxies,
    streams,
    apiServers.client('kube-proxy', 'workload-high'),
  );
}
