/**
 * The kube-proxies of all nodes, with the sync runner of their version.
 *
 *   WatchFanOut --> KubeProxies (sync runner, iptables mode) --> ProxyRecorders
 */

import type { WatchFanOut } from '../controlplane/watch-fan-out.js';
import { IptablesMode } from '../node/proxy-modes/iptables/iptables-mode.js';
import { KubeProxies } from '../node/kube-proxies.js';
import type { ProxyRecorders } from '../node/latency-samples.js';
import { EndpointUpdates } from '../node/endpoint-updates.js';
import type { InitialEndpoints } from '../node/rule-history.js';
import { MinIntervalRunner, TokenBucketRunner, type SyncRunner } from '../node/sync-runner.js';
import type { Scenario } from '../scenario.js';
import { KUBE_PROXY_RULES } from '../versions/rules.js';
import { type ClusterContext, ns } from './context.js';

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
  { simulation, scenario, streams, nodes, startNs }: ClusterContext,
  log: WatchFanOut,
  endpointUpdates: EndpointUpdates,
  initial: (service: number) => InitialEndpoints,
  recorders: ProxyRecorders,
): KubeProxies {
  const { kubeProxy, cluster } = scenario;
  const fullSyncIntervalNs = ns(KUBE_PROXY_RULES.fullSyncInterval.value);
  // A cluster that has been up for long: every node had its last full sync at some time of the past interval.
  const hash = streams.hash('kube-proxy-last-full-sync');
  const lastFullSyncNs = Float64Array.from(
    { length: cluster.nodes },
    (_, node) => -Math.round(hash.uniform(node, 0) * fullSyncIntervalNs),
  );
  return new KubeProxies(
    simulation,
    log,
    nodes,
    initial,
    {
      mode: new IptablesMode(kubeProxy.syncPeriodNs, undefined, undefined, kubeProxy.partialSyncEnsuresChains),
      routing: endpointUpdates.routing,
      runner: createRunner(scenario, fullSyncIntervalNs),
      partialSync: kubeProxy.minimizeIPTablesRestore,
      fullSyncIntervalNs,
      lastFullSyncNs,
      measureFromNs: startNs,
    },
    recorders,
  );
}

function createRunner({ kubeProxy, cluster }: Scenario, fullSyncIntervalNs: number): SyncRunner {
  const intervals = {
    minIntervalNs: kubeProxy.minSyncPeriodNs,
    retryIntervalNs: kubeProxy.syncPeriodNs,
    maxIntervalNs: Math.max(fullSyncIntervalNs, kubeProxy.minSyncPeriodNs),
  };
  return kubeProxy.syncRunner === 'min-interval'
    ? new MinIntervalRunner(cluster.nodes, intervals)
    : new TokenBucketRunner(cluster.nodes, intervals, KUBE_PROXY_RULES.burstSyncs.value);
}
