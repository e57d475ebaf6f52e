/**
 * How ill a zone is, and how fast its nodes are tainted (pkg/controller/nodelifecycle: ComputeZoneState, handleDisruption).
 *
 *   ready and not ready nodes of each zone --> state of the zone --> nodes that may be tainted per second
 *
 * The more nodes of a zone are not ready the likelier it is that the fault is not theirs: then evicting their pods would do harm.
 * So a large zone with most of its nodes down is slowed, a small one is stopped, and when all zones are wholly down, nobody is
 * evicted at all, as it must be the control plane that is cut off. A single zone that is wholly down is evicted at full speed.
 */

import { NODE_LIFECYCLE_RULES } from '../versions/node-rules.js';

export type ZoneState = 'normal' | 'partialDisruption' | 'fullDisruption';

export interface EvictionSettings {
  /** --node-eviction-rate: nodes per second. */
  readonly nodeEvictionRate: number;
  /** --secondary-node-eviction-rate: the rate in a large zone that is mostly down. */
  readonly secondaryNodeEvictionRate: number;
  /** --unhealthy-zone-threshold: share of not ready nodes from which on a zone is mostly down. */
  readonly unhealthyZoneThreshold: number;
  /** --large-cluster-size-threshold: a zone of more nodes than this is large. */
  readonly largeClusterSizeThreshold: number;
}

export function zoneState(ready: number, notReady: number, unhealthyZoneThreshold: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'fullDisruption';
  const share = notReady / Math.max(1, ready + notReady);
  return notReady >= NODE_LIFECYCLE_RULES.minDisruptedNodes.value && share >= unhealthyZoneThreshold
    ? 'partialDisruption'
    : 'normal';
}

/** Nodes per second that are tainted in a zone of this state and size, other zones being as they may. */
export function zoneEvictionRate(state: ZoneState, nodes: number, settings: EvictionSettings): number {
  if (state !== 'partialDisruption') return settings.nodeEvictionRate;
  return nodes > settings.largeClusterSizeThreshold ? settings.secondaryNodeEvictionRate : 0;
}

/** Nodes per second that are tainted in each zone; none anywhere while all zones are wholly down. */
export function evictionRates(
  zones: readonly { readonly ready: number; readonly notReady: number }[],
  settings: EvictionSettings,
): { readonly states: readonly ZoneState[]; readonly rates: readonly number[]; readonly allDisrupted: boolean } {
  const states = zones.map(({ ready, notReady }) => zoneState(ready, notReady, settings.unhealthyZoneThreshold));
  const allDisrupted = states.length > 0 && states.every((state) => state === 'fullDisruption');
  const rates = zones.map(({ ready, notReady }, zone) =>
    allDisrupted ? 0 : zoneEvictionRate(states[zone]!, ready + notReady, settings),
  );
  return { states, rates, allDisrupted };
}
