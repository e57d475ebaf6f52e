/**
 * How long a kube-proxy's runner waits without a signal before it syncs all the same, by mode and generation of the runner.
 */

import { KUBE_PROXY_RULES } from '../../versions/rules.js';
import type { ProxyModeName } from './proxy-mode.js';

const NS_PER_SECOND = 1e9;

/**
 * An hour, with which iptables and nftables mode look after everything that nobody has told them of. Up to 1.33, IPVS and
 * userspace mode pass syncPeriod instead: a sync finds what is amiss in the kernel because it looks at everything anyway.
 */
export const maxSyncIntervalNs = (
  mode: ProxyModeName,
  syncRunner: 'token-bucket' | 'min-interval',
  { minSyncPeriodNs, syncPeriodNs }: { readonly minSyncPeriodNs: number; readonly syncPeriodNs: number },
): number => {
  const isBySyncPeriod = (mode === 'ipvs' && syncRunner === 'token-bucket') || mode === 'userspace';
  const intervalNs = isBySyncPeriod ? syncPeriodNs : KUBE_PROXY_RULES.fullSyncInterval.value * NS_PER_SECOND;
  // A runner refuses a maximal interval below the minimal one.
  return Math.max(intervalNs, minSyncPeriodNs);
};
