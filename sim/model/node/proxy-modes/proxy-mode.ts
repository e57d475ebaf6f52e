/**
 * What the proxy modes of kube-proxy differ in, as far as the programming of rules goes: what they make of a service, what a
 * sync has to write, and how long that takes.
 *
 *   service shapes, usable endpoints --> quantities of the tables --> time of a sync, metrics
 *
 * Numbers go in and out, for a mode is asked once a sync; `count` and `linesOfChangedService` are asked once a change, and
 * the sums of what they say are kept for all nodes at once (rule-history.ts).
 */

import type { MetricName } from '../../../metrics.js';
import type { ServiceShape } from '../../cluster/service-shape.js';

export type ProxyModeName = 'userspace' | 'iptables' | 'ipvs' | 'nftables';

/** Endpoints of a service that a node may send packets to, after policies, hints and fall-backs: the same for each of its ports. */
export interface EndpointCounts {
  /** Those that traffic with policy Cluster may reach; 0 when the service has no such traffic. */
  readonly cluster: number;
  /** Those on the node itself that traffic with policy Local may reach; 0 when the service has no such traffic. */
  readonly local: number;
  /** Distinct endpoints in the two. */
  readonly reachable: number;
  /** Whether there is a usable endpoint anywhere, reachable from here or not. */
  readonly isAnywhere: boolean;
}

/** How much of its rules a sync brings to the kernel. */
export const SyncKind = {
  /** What changed since the last sync. */
  partial: 0,
  /** Everything, over the rules that are there. */
  full: 1,
  /** Everything, by a process that has just started and does not know what is there. */
  first: 2,
  /** Everything, into empty tables. */
  firstAfterBoot: 3,
} as const;
export type SyncKind = (typeof SyncKind)[keyof typeof SyncKind];

/** What one sync has to do. */
export interface SyncWork {
  kind: SyncKind;
  /** The mode's quantities once the sync is done, in the order of `quantities`. */
  readonly tables: Float64Array;
  /** Service ports that changed since the node's last sync. */
  changedServices: number;
  /** The `linesOfChangedService` of their services, added up, in the state that they have now. */
  changedLines: number;
  /** Endpoints of service ports that came, went or changed, each change counted. */
  changedEndpoints: number;
  /** Of these, those that went out of use: their rules are stale now. */
  goneEndpoints: number;
  /** Endpoints that went in earlier syncs, and whose rules are still there to be deleted. */
  staleEndpoints: number;
  /** Whether the sync looks for rules that nothing uses any more. */
  cleansUp: boolean;
}

export interface ProxyMode {
  readonly name: ProxyModeName;
  /** What the mode counts, by name. What is there without any service is not part of these counts. */
  readonly quantities: readonly string[];
  /** Writes to `counts`, by quantity, what one service makes with all of its ports: nothing if it is not proxied. */
  count(shape: ServiceShape, endpoints: EndpointCounts, counts: Float64Array): void;
  /** What a partial sync writes for one changed service with all of its ports, in units of the mode. */
  linesOfChangedService(shape: ServiceShape, endpoints: EndpointCounts): number;
  /** Whether a clean-up deletes what goes in its own sync, too, or only what went before. */
  readonly deletesAtOnce: boolean;
  /** Whether a sync looks for rules that nothing uses any more; `sinceCleanUpNs` after the last that did. */
  cleansUp(tables: Float64Array, sinceCleanUpNs: number): boolean;
  /** Time of a sync, whole nanoseconds on the reference machine. */
  syncNs(work: SyncWork): number;
  /** What a node spends every syncPeriod beside its syncs, whole nanoseconds on the reference machine. */
  backgroundNs(tables: Float64Array): number;
  /** Whether the kernel refuses tables of this size: every sync of such a node fails. */
  isRefused(tables: Float64Array): boolean;
  /** What the node exports after such a sync, by metric; of what is there without any service, too. */
  gauges(work: SyncWork): Partial<Record<MetricName, number>>;
}
