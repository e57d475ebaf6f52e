/** The proxy mode of a scenario's kube-proxies, with what its settings and its version decide. */

import type { KubeProxySettings } from '../kube-proxy-settings.js';
import { IptablesMode } from '../node/proxy-modes/iptables/iptables-mode.js';
import { iptablesOptionsOf } from '../node/proxy-modes/iptables/iptables-options.js';
import { IpvsMode } from '../node/proxy-modes/ipvs/ipvs-mode.js';
import { NftablesMode } from '../node/proxy-modes/nftables/nftables-mode.js';
import type { ProxyMode } from '../node/proxy-modes/proxy-mode.js';
import { UserspaceMode } from '../node/proxy-modes/userspace/userspace-mode.js';

export function createProxyMode(kubeProxy: KubeProxySettings): ProxyMode {
  const { syncPeriodNs, iptablesBackend, detectLocalMode, masqueradeAll, nftables } = kubeProxy;
  switch (kubeProxy.mode) {
    case 'iptables':
      return new IptablesMode(
        syncPeriodNs,
        iptablesBackend,
        iptablesOptionsOf(kubeProxy),
        kubeProxy.partialSyncEnsuresChains,
      );
    case 'nftables':
      return new NftablesMode({ ...nftables, detectsLocal: detectLocalMode !== 'none', masqueradeAll });
    case 'ipvs':
      return new IpvsMode(undefined, iptablesBackend);
    case 'userspace':
      return new UserspaceMode();
  }
}
