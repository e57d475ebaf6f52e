/**
 * Proxy mode userspace (pkg/proxy/userspace, removed in 1.26): iptables only redirects to a port of kube-proxy, which picks an
 * endpoint and copies the bytes.
 *
 *   service shape --> rules that redirect --> time of a sync that makes sure of them, a command each
 *   usable endpoints --> userspace-load-balancer.ts, in memory, without a rule
 *
 * What changes with endpoints is memory of kube-proxy alone, so a change of them costs next to nothing, however many services
 * there are. The rules depend on services only. A loop beside these updates looks through them as a whole every syncPeriod, by one
 * iptables command for each, which reads the whole table: that is the square of the services, and what this mode perished by. A process that starts flushes the rules of the one before it and writes its own one by one,
 * since its ports are others.
 *
 * Left out: the nf_tables backend, node ports' ACCEPT rules in the filter table and the rules for external IPs of the node itself; Only Endpoints objects were ever read.
 */

import type { MetricName } from '../../../../metrics.js';
import { hasNodePort, servicePorts, type ServiceShape } from '../../../cluster/service-shape.js';
import { USERSPACE_COSTS, USERSPACE_RULES } from '../../../versions/userspace-rules.js';
import { IPTABLES_LEGACY } from '../iptables/iptables-legacy.js';
import { type EndpointCounts, type ProxyMode, SyncKind, type SyncWork } from '../proxy-mode.js';

const RULES = 0;
const ENDPOINTS = 1;

const NS_PER_SECOND = 1e9;
const rulesPerAddress = USERSPACE_RULES.rulesPerAddress.value;
const fixedCommands = USERSPACE_RULES.fixedCommands.value;
const commandsPerNewRule = USERSPACE_RULES.commandsPerNewRule.value;
const updateFixedNs = USERSPACE_COSTS.updateFixed.value * NS_PER_SECOND;
const updatePerEndpointNs = USERSPACE_COSTS.updatePerEndpoint.value * NS_PER_SECOND;

/** A command on a table of so many rules. The chains of this mode are few and fixed. */
const commandNs = (rules: number): number => IPTABLES_LEGACY.ensureRuleNs(rules, 0, 0);

/** Rules that redirect the traffic of one service port: at its cluster IP, external IPs, load balancer IPs, and its node port. */
export const redirectRules = (shape: ServiceShape): number =>
  rulesPerAddress * (1 + shape.externalIPs + shape.loadBalancerIPs + (hasNodePort(shape) ? 1 : 0));

/** Making sure of `rules` that are there. */
export const checkRulesNs = (rules: number): number => (fixedCommands + rules) * commandNs(rules);

/** Writing `rules` one by one to a table without any: each command reads those that are there by then. */
export const writeRulesNs = (rules: number): number =>
  fixedCommands * commandNs(0) +
  // The cost of a command is linear in the rules, so that of all commands is that of the average one.
  commandsPerNewRule * rules * commandNs(Math.max(0, rules - 1) / 2);

export class UserspaceMode implements ProxyMode {
  readonly name = 'userspace';
  readonly deletesAtOnce = true;
  readonly quantities = ['redirect rules', 'endpoints'];

  count(shape: ServiceShape, { reachable }: EndpointCounts, counts: Float64Array): void {
    const ports = servicePorts(shape);
    counts[RULES] = ports * redirectRules(shape);
    counts[ENDPOINTS] = ports * reachable;
  }

  /** No rule changes with the endpoints; the balancer puts all of them in order anew. */
  linesOfChangedService(shape: ServiceShape, { reachable }: EndpointCounts): number {
    return servicePorts(shape) * reachable;
  }

  cleansUp(): boolean {
    return false;
  }

  /** A command for every rule, in a loop of its own. */
  backgroundNs(tables: Float64Array): number {
    return Math.round(checkRulesNs(tables[RULES]!));
  }

  isRefused(): boolean {
    return false;
  }

  /** The metrics of rules came with the other modes. */
  gauges(): Partial<Record<MetricName, number>> {
    return {};
  }

  syncNs({ kind, tables, changedLines, changedServices }: SyncWork): number {
    const rules = tables[RULES]!;
    const updateNs = updateFixedNs * (1 + changedServices) + updatePerEndpointNs * changedLines;
    if (kind === SyncKind.partial) return Math.round(updateNs);
    const rulesNs = kind === SyncKind.full ? checkRulesNs(rules) : writeRulesNs(rules);
    // A process that has just started takes over all endpoints.
    const takeOverNs = kind === SyncKind.full ? 0 : updatePerEndpointNs * tables[ENDPOINTS]!;
    return Math.round(updateNs + rulesNs + takeOverNs);
  }
}
