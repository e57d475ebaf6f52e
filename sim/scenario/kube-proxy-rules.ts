/** Rules between the settings of kube-proxy, the version and what happens to kube-proxies. */

import type { Scenario } from '../model/scenario.js';
import { PROXY_MODE_VERSIONS } from '../model/versions/features.js';
import { minorOf } from '../model/versions/profiles.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const KUBE_PROXY_RULES: readonly Rule[] = [
  { reads: ['kubernetes', 'kubeProxy'], check: checkMode },
  { reads: ['kubeProxy'], check: checkDiscovery },
  { reads: ['kubeProxy'], check: checkNodePorts },
  { reads: ['cluster', 'workload'], check: checkNodes },
];

/** Whether the version has the mode, and its feature gate is on. */
function checkMode({ kubernetes, kubeProxy }: Scenario): Finding[] {
  const { userspaceUntil, nftablesSince, nftablesOnByDefaultSince } = PROXY_MODE_VERSIONS;
  const minor = minorOf(kubernetes);
  const path = ['kubeProxy', 'mode'];
  if (kubeProxy.mode === 'userspace') {
    return when(minor > userspaceUntil.value, () =>
      contradiction(
        path,
        `there is no userspace mode in ${kubernetes}: it was removed in 1.${userspaceUntil.value + 1}`,
        `use kubernetes: "1.${userspaceUntil.value}" or older, or the mode "iptables"`,
      ),
    );
  }
  if (kubeProxy.mode !== 'nftables') return [];
  if (minor < nftablesSince.value) {
    return [
      contradiction(
        path,
        `there is no nftables mode in ${kubernetes}: it came in 1.${nftablesSince.value}`,
        `use kubernetes: "1.${nftablesOnByDefaultSince.value}" or newer`,
      ),
    ];
  }
  return when(!kubeProxy.nftablesProxyMode, () =>
    contradiction(
      path,
      `the nftables mode needs the feature gate NFTablesProxyMode, which is off by default before 1.${nftablesOnByDefaultSince.value}`,
      'set kubeProxy.nftablesProxyMode to true',
    ),
  );
}

function checkDiscovery({ kubeProxy: { mode, discovery } }: Scenario): Finding[] {
  return when(mode === 'userspace' && discovery !== 'Endpoints', () =>
    contradiction(
      ['kubeProxy', 'discovery'],
      'the userspace mode reads Endpoints objects and nothing else',
      'remove discovery, or set it to Endpoints',
    ),
  );
}

function checkNodePorts({ kubeProxy: { mode, localhostNodePorts } }: Scenario): Finding[] {
  return when(localhostNodePorts && mode !== 'iptables', () =>
    contradiction(
      ['kubeProxy', 'localhostNodePorts'],
      `only the iptables mode has node ports on 127.0.0.1, and the mode is ${mode}`,
      'remove localhostNodePorts',
    ),
  );
}

/** Nodes and zones whose kube-proxies are disturbed are there. */
function checkNodes({ cluster, workload }: Scenario): Finding[] {
  const zones = Math.min(cluster.zones, cluster.nodes);
  return workload.flatMap((action, index) => {
    if (action.kind !== 'restartKubeProxy' && action.kind !== 'failSyncs') return [];
    const path = ['workload', index, action.kind];
    const { nodes } = action;
    if ('zone' in nodes) {
      return when(nodes.zone >= zones, () =>
        contradiction([...path, 'zone'], `there is no such zone: zones are numbered from 0 to ${zones - 1}`),
      );
    }
    const count = 'absolute' in nodes ? nodes.absolute : 0;
    return when(count > cluster.nodes, () =>
      contradiction([...path, 'nodes'], `${count} nodes are more than the cluster's ${cluster.nodes}`),
    );
  });
}
