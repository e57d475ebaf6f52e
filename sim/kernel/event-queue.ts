/**
 * Pending events in total order: by time, and at equal times in the order in which they were pushed.
 *
 * Implementations: `LadderQueue` (the default, amortised O(1)) and `BinaryHeapQueue` (O(log n), short enough to check by
 * reading). `event-queue.conformance.ts` holds every implementation to this contract.
 *
 * Times are integers, as the engine's clock is, and finite; the engine rejects all others, so that no queue has to. A
 * time earlier than the last one popped is served in its right place, before everything later. That the simulated clock
 * never runs backwards is for the engine to enforce, not for the queue.
 */
export interface EventQueue {
  /** How many events are pending. */
  readonly size: number;

  /**
   * Adds an event.
   *
   * @param timeNs when it is due
   * @param event a non-negative 32-bit integer of the caller's choice, such as the number of the record that describes it
   */
  push(timeNs: number, event: number): void;

  /** When the earliest event is due; `Infinity` when none is pending. */
  peekTimeNs(): number;

  /** Removes the earliest event and returns it; -1 when none is pending. Its time is what `peekTimeNs` said before. */
  pop(): number;

  /** Forgets all events, and keeps the memory for the next ones. */
  clear(): void;
}
