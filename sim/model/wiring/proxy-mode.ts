/** The proxy mode of a scenario's kube-proxies, with what its settings and its version decide. */

import { IptablesMode } from '../node/proxy-modes/iptables/iptables-mode.js';
import { DEFAULT_IPTABLES_OPTIONS } from '../node/proxy-modes/iptables/iptables-options.js';
import { IpvsMode } from '../node/proxy-modes/ipvs/ipvs-mode.js';
import { NftablesMode } from '../node/proxy-modes/nftables/nftables-mode.js';
import type { ProxyMode } from '../node/proxy-modes/proxy-mode.js';
import { UserspaceMode } from '../node/proxy-modes/userspace/userspace-mode.js';
import type { KubeProxySettings } from '../kube-proxy-settings.js';

export function createProxyMode(kubeProxy: KubeProxySettings): ProxyMode {
  const { detectLocalMode, masqueradeAll, nodePortAddresses, nftables } = kubeProxy;
  const detectsLocalTraffic = detectLocalMode !== 'none';
  switch (kubeProxy.mode) {
    case 'iptables':
      return new IptablesMode(kubeProxy.syncPeriodNs, kubeProxy.iptablesBackend, {
        ...DEFAULT_IPTABLES_OPTIONS,
        layout: kubeProxy.iptablesRuleLayout,
        detectsLocalTraffic,
        masqueradeAll,
        localhostNodePorts: kubeProxy.localhostNodePorts,
        tcpBeLiberal: kubeProxy.conntrack.tcpBeLiberal,
        nodePortAddresses: nodePortAddresses === 'all' ? 'all' : 1,
      });
    case 'nftables':
      return new NftablesMode({ ...nftables, detectsLocal: detectsLocalTraffic, masqueradeAll });
    case 'ipvs':
      return new IpvsMode();
    case 'userspace':
      return new UserspaceMode();
  }
}
