/**
 * What the StatefulSet controller knows of one StatefulSet: its update and its pods, by ordinal.
 *
 *   informer, committed requests --> slots --> stateful-set-rules.ts
 */

import type { IntOrPercent } from '../scenario.js';
import type { PodManagementPolicy, StatefulPod } from './stateful-set-rules.js';

/** What an update asks for. */
export interface StatefulSetRollout {
  readonly maxUnavailable: IntOrPercent;
  readonly partition: number;
  readonly minReadyNs: number;
}

/** A place for a pod, kept and changed, as there may be many and every sync looks at all. */
export interface Slot extends StatefulPod {
  pod: number;
  exists: boolean;
  isTerminating: boolean;
  isAvailable: boolean;
  isStale: boolean;
}

export interface StatefulSet {
  readonly policy: PodManagementPolicy;
  /** By ordinal. */
  readonly slots: Slot[];
  rollout: StatefulSetRollout;
  currentRevision: number;
  updateRevision: number;
  generation: number;
  /** As it was last written, in one text. */
  status: string;
  isRollingOut: boolean;
  /** The new revision has been stored as an object of its own. */
  isRevisionStored: boolean;
}

const DEFAULT_ROLLOUT: StatefulSetRollout = { maxUnavailable: { absolute: 1 }, partition: 0, minReadyNs: 0 };

/** A status in one text, to be compared. */
export const statusText = (generation: number, replicas: number, available: number, updated: number): string =>
  `${generation}/${replicas}/${available}/${updated}`;

const emptySlot = (): Slot => ({ pod: -1, exists: false, isTerminating: false, isAvailable: false, isStale: false });

/** The slot of an ordinal; the list has no holes. */
export function slotOf(set: StatefulSet, ordinal: number): Slot {
  while (set.slots.length <= ordinal) set.slots.push(emptySlot());
  return set.slots[ordinal]!;
}

/** A StatefulSet without pods. */
export const newSet = (policy: PodManagementPolicy): StatefulSet => ({
  policy,
  slots: [],
  rollout: DEFAULT_ROLLOUT,
  currentRevision: 0,
  updateRevision: 0,
  generation: 0,
  status: statusText(0, 0, 0, 0),
  isRollingOut: false,
  isRevisionStored: true,
});

/** Whether the slot's pod is of the newest revision and available. */
export const isDone = (slot: Slot): boolean => slot.exists && !slot.isTerminating && slot.isAvailable && !slot.isStale;
