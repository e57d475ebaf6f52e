/**
 * Heartbeats of the nodes: Lease renewals and Node status reports (staging component-helpers/apimachinery/lease,
 * pkg/kubelet/kubelet_node_status.go).
 *
 *   kubelet --every quarter of nodeLeaseDurationSeconds--> Lease --> API server
 *           --when changed, else every nodeStatusReportFrequency--> Node status --> API server
 *
 * 5,000 nodes write 500 leases a second for ever and change nothing that networking depends on. So they are no events but a rate,
 * which whoever models the load of the API servers may add to it, and a time of last renewal, which is asked for when a node
 * is lost.
 *
 * Left out: the jitter of up to 4 % of the renewals, their retries, lease objects of other components.
 */

import { KUBELET_RULES } from '../versions/node-rules.js';

const NS_PER_SECOND = 1e9;

export interface HeartbeatSettings {
  readonly nodeLeaseDurationSeconds: number;
  /** How often the status is computed: how soon a change in it is written. */
  readonly nodeStatusUpdateFrequencyNs: number;
  /** How old a status may become that does not change. */
  readonly nodeStatusReportFrequencyNs: number;
}

export function leaseRenewalIntervalNs({
  nodeLeaseDurationSeconds,
}: Pick<HeartbeatSettings, 'nodeLeaseDurationSeconds'>): number {
  return KUBELET_RULES.leaseRenewalFraction.value * nodeLeaseDurationSeconds * NS_PER_SECOND;
}

/** What `nodes` nodes at rest write: leases and statuses that are reported because of their age alone. */
export function heartbeatWritesPerSecond(nodes: number, settings: HeartbeatSettings): number {
  const perNode = 1 / leaseRenewalIntervalNs(settings) + 1 / settings.nodeStatusReportFrequencyNs;
  return nodes * perNode * NS_PER_SECOND;
}

/** The last renewal at or before `timeNs` of a node whose renewals are at a phase of `uniform` of the interval. */
export function lastRenewalNs(settings: HeartbeatSettings, uniform: number, timeNs: number): number {
  return timeNs - Math.floor(uniform * leaseRenewalIntervalNs(settings));
}
