/** The proxy mode of a scenario's kube-proxies, with what its settings and its version decide. */

import { usesLocalEndpoints } from '../cluster/service-shape.js';
import type { ServiceTable } from '../cluster/services.js';
import type { KubeProxySettings } from '../kube-proxy-settings.js';
import { IptablesMode } from '../node/proxy-modes/iptables/iptables-mode.js';
import { iptablesOptionsOf } from '../node/proxy-modes/iptables/iptables-options.js';
import { IpvsMode } from '../node/proxy-modes/ipvs/ipvs-mode.js';
import { NftablesMode } from '../node/proxy-modes/nftables/nftables-mode.js';
import { WithPolicyGauges } from '../node/proxy-modes/policy-gauges.js';
import type { ProxyMode } from '../node/proxy-modes/proxy-mode.js';
import { UserspaceMode } from '../node/proxy-modes/userspace/userspace-mode.js';

/** Services with policy Local are counted where there are any. */
export function createProxyMode(kubeProxy: KubeProxySettings, services: ServiceTable): ProxyMode {
  const mode = createBareMode(kubeProxy);
  const usesPolicyLocal = services.groups.some((_, group) =>
    usesLocalEndpoints(services.shapeOf(services.firstOf(group))),
  );
  return usesPolicyLocal ? new WithPolicyGauges(mode) : mode;
}

function createBareMode(kubeProxy: KubeProxySettings): ProxyMode {
  const { syncPeriodNs, iptablesBackend, detectLocalMode, masqueradeAll, nodePortAddresses, nftables } = kubeProxy;
  switch (kubeProxy.mode) {
    case 'iptables':
      return new IptablesMode(
        syncPeriodNs,
        iptablesBackend,
        iptablesOptionsOf(kubeProxy),
        kubeProxy.partialSyncEnsuresChains,
      );
    case 'nftables':
      return new NftablesMode({
        ...nftables,
        nodePortAddresses,
        detectsLocal: detectLocalMode !== 'none',
        masqueradeAll,
      });
    case 'ipvs':
      return new IpvsMode(undefined, iptablesBackend);
    case 'userspace':
      return new UserspaceMode();
  }
}
