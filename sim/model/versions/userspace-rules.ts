/** Fixed rules and costs of userspace mode. */

import { constant, type Constant } from './provenance.js';

const PROXIER = 'pkg/proxy/userspace/proxier.go';

const inSource = (value: number, unit: string, source: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date: '1.25', range: null });

const assumed = (
  value: number,
  unit: string,
  source: string,
  range: readonly [number, number] | null = null,
): Constant => constant({ value, unit, evidence: 'assumption', source, date: '2026-07', range });

export const USERSPACE_RULES = {
  /** Of a client under affinity ClientIP, from its last flow on. */
  affinityTimeout: inSource(10_800, 's', 'pkg/proxy/userspace/roundrobin.go: the default of sessionAffinityConfig'),
  /** How long one connection attempt after the other may take, each to the next endpoint. */
  dialTimeouts: constant<readonly number[]>({
    value: [0.25, 0.5, 1, 2],
    unit: 's',
    evidence: 'assumption',
    source: 'pkg/proxy/userspace/proxysocket.go: EndpointDialTimeouts',
    date: '2026-07',
    range: null,
  }),
  /** Rules that redirect what is sent to one address and port: one for traffic of pods, one for that of the node itself. */
  rulesPerAddress: assumed(2, '1', `${PROXIER}, openOnePortal: KUBE-PORTALS-CONTAINER and KUBE-PORTALS-HOST`, [1, 3]),
  /** Chains and jumps that are made sure of before the rules. */
  fixedCommands: assumed(10, '1', `${PROXIER}, iptablesInit: five chains, five jumps`, [8, 12]),
  /** Commands for a rule that is not there: a check, and then the rule. */
  commandsPerNewRule: assumed(2, '1', 'pkg/util/iptables, EnsureRule: -C, then -A'),
} as const;

export const USERSPACE_COSTS = {
  /** A change of an endpoint in the balancer: lists are compared, shuffled and put in place, in memory. */
  updatePerEndpoint: assumed(1e-6, 's', 'Look-ups and copies of short strings', [0.2e-6, 5e-6]),
  /** Of any change: the event handler, a lock, and the log. */
  updateFixed: assumed(20e-6, 's', 'A handler of an informer that does next to nothing', [5e-6, 1e-4]),
} as const;
