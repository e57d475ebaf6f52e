import type { ProxySettings } from '../../limits.js';

/** What decides which limit binds, as a recent kube-proxy has it. */
export const PROXY_SETTINGS: ProxySettings = {
  mode: 'iptables',
  iptablesBackend: 'legacy',
  minimizeIPTablesRestore: true,
  nftables: {
    partialSync: true,
    listings: 'none',
    keepEndpointChainsOnStart: true,
    singleEndpointGoto: false,
    nodeKernel: '6.12',
  },
  minSyncPeriodNs: 1e9,
  syncPeriodNs: 30e9,
};
