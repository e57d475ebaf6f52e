/**
 * The kube-proxies of all nodes, with the sync runner of their version.
 *
 *   WatchFanOut --> KubeProxies (sync runner, proxy mode) --> ProxyRecorders
 */

import type { WatchFanOut } from '../controlplane/watch-fan-out.js';
import { KubeProxies } from '../node/kube-proxies.js';
import type { ProxyRecorders } from '../node/latency-samples.js';
import { EndpointUpdates } from '../node/endpoint-updates.js';
import type { InitialEndpoints } from '../node/rule-history.js';
import { MinIntervalRunner, TokenBucketRunner, type SyncRunner } from '../node/sync-runner.js';
import type { KubeProxySettings } from '../kube-proxy-settings.js';
import { maxSyncIntervalNs } from '../node/proxy-modes/max-sync-interval.js';
import type { Scenario } from '../scenario.js';
import { KUBE_PROXY_RULES } from '../versions/rules.js';
import { type ClusterContext, ns } from './context.js';
import { createProxyMode } from './proxy-mode.js';

/** What kube-proxies make of endpoint objects. */
export function createEndpointUpdates({ scenario, nodes, services, pods }: ClusterContext): EndpointUpdates {
  const { cluster, kubeProxy } = scenario;
  return new EndpointUpdates({
    services,
    pods,
    zones: cluster.zones,
    zoneOfNode: nodes.zone,
    readsSlices: kubeProxy.discovery === 'EndpointSlice',
    fallsBackToTerminating: kubeProxy.terminatingEndpoints,
    followsZoneHints: kubeProxy.topologyHints,
    followsNodeHints: kubeProxy.preferSameTrafficDistribution,
  });
}

/** `initial`: the services at the start, when every node has their rules. */
export function createKubeProxies(
  { simulation, scenario, streams, nodes, services, startNs }: ClusterContext,
  log: WatchFanOut,
  endpointUpdates: EndpointUpdates,
  initial: (service: number) => InitialEndpoints,
  recorders: ProxyRecorders,
): KubeProxies {
  const { kubeProxy, cluster } = scenario;
  const maxIntervalNs = maxSyncIntervalNs(kubeProxy.mode, kubeProxy.syncRunner, kubeProxy);
  // A cluster that has been up for long: every node had its last sync at some time of the past interval, and that was a full one.
  const hash = streams.hash('kube-proxy-last-full-sync');
  const lastFullSyncNs = Float64Array.from(
    { length: cluster.nodes },
    (_, node) => -Math.round(hash.uniform(node, 0) * maxIntervalNs),
  );
  return new KubeProxies(
    simulation,
    log,
    nodes,
    initial,
    {
      mode: createProxyMode(kubeProxy, services),
      routing: endpointUpdates.routing,
      runner: createRunner(scenario, maxIntervalNs),
      partialSync: writesPartially(kubeProxy),
      fullSyncIntervalNs: fullSyncIntervalNs(kubeProxy),
      lastFullSyncNs,
      syncPeriodNs: kubeProxy.syncPeriodNs,
      measureFromNs: startNs,
    },
    recorders,
  );
}

/**
 * How long after a full sync a sync is full again. IPVS mode looks at everything and writes what differs, always; userspace mode looks
 * at its rules in a loop beside its syncs.
 */
const fullSyncIntervalNs = ({ mode }: KubeProxySettings): number =>
  mode === 'iptables' || mode === 'nftables' ? ns(KUBE_PROXY_RULES.fullSyncInterval.value) : Infinity;

function writesPartially({ mode, minimizeIPTablesRestore, nftables }: KubeProxySettings): boolean {
  if (mode === 'nftables') return nftables.partialSync;
  return mode !== 'iptables' || minimizeIPTablesRestore;
}

function createRunner({ kubeProxy, cluster }: Scenario, maxIntervalNs: number): SyncRunner {
  const intervals = {
    minIntervalNs: kubeProxy.minSyncPeriodNs,
    retryIntervalNs: kubeProxy.syncPeriodNs,
    maxIntervalNs,
  };
  return kubeProxy.syncRunner === 'min-interval'
    ? new MinIntervalRunner(cluster.nodes, intervals)
    : new TokenBucketRunner(cluster.nodes, intervals, KUBE_PROXY_RULES.burstSyncs.value);
}
