import { proxyModeConformance } from '../proxy-mode.conformance.js';
import { IptablesMode } from './iptables-mode.js';
import { DEFAULT_IPTABLES_OPTIONS } from './iptables-options.js';

proxyModeConformance('iptables', () => new IptablesMode(30e9));
proxyModeConformance('iptables on nf_tables', () => new IptablesMode(30e9, 'nft'));
proxyModeConformance(
  'iptables with all that adds rules',
  () =>
    new IptablesMode(30e9, 'legacy', {
      ...DEFAULT_IPTABLES_OPTIONS,
      masqueradeAll: true,
      nodePortAddresses: 3,
      isNodeInSourceRanges: true,
    }),
);
