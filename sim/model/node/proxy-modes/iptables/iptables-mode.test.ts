import { proxyModeConformance } from '../proxy-mode.conformance.js';
import { IptablesMode } from './iptables-mode.js';

proxyModeConformance('iptables', () => new IptablesMode(30e9));
