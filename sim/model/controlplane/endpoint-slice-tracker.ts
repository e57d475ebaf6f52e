/**
 * What the controller knows of its own writes, held against what its informer shows: is the cache behind, and was this event
 * expected?
 *
 *   answered writes: generation of each slice, or "deletion expected" --> tracker <-- slices that the informer shows
 *                                                                           |--> stale: the sync ends in an error
 *                                                                           |--> unexpected event: the service is queued
 *
 * From k8s.io/endpointslice/util (endpointslice_tracker.go), which the mirroring controller uses as well.
 */

/** A slice as an informer shows it. Service and uid are numbers here; a uid is never used twice. */
export interface TrackedSlice {
  readonly service: number;
  readonly uid: number;
  readonly generation: number;
}

/** In place of a generation: the controller has deleted the slice, and the informer is to show that. */
const DELETION_EXPECTED = -1;

export class EndpointSliceTracker {
  readonly #generations = new Map<number, Map<number, number>>();

  /** Whether the slice has been written, or its deletion asked for, and not been seen to go since. */
  has({ service, uid }: TrackedSlice): boolean {
    return this.#generations.get(service)?.has(uid) ?? false;
  }

  /** Whether an event with this slice is news: somebody else wrote it, or it should be gone. */
  shouldSync({ service, uid, generation }: TrackedSlice): boolean {
    const tracked = this.#generations.get(service)?.get(uid);
    return tracked === undefined || generation > tracked;
  }

  /**
   * Whether the informer is behind the controller's own writes: it lacks a slice, shows an older generation, or still shows one
   * that was deleted. `shown`: all slices of the service that the informer shows.
   */
  isStale(service: number, shown: Iterable<TrackedSlice>): boolean {
    const generations = this.#generations.get(service);
    if (generations === undefined) return false;
    const shownUids = new Set<number>();
    for (const { uid, generation } of shown) {
      shownUids.add(uid);
      const tracked = generations.get(uid);
      if (tracked !== undefined && (tracked === DELETION_EXPECTED || tracked > generation)) return true;
    }
    for (const [uid, tracked] of generations) {
      if (tracked !== DELETION_EXPECTED && !shownUids.has(uid)) return true;
    }
    return false;
  }

  /** A create or an update was answered with this slice. */
  written({ service, uid, generation }: TrackedSlice): void {
    this.#of(service).set(uid, generation);
  }

  /** A delete of the slice was answered. */
  expectDeletion({ service, uid }: TrackedSlice): void {
    this.#of(service).set(uid, DELETION_EXPECTED);
  }

  /** The informer no longer shows the slice. Whether that was expected; if not, the service needs a sync. */
  deleted({ service, uid }: TrackedSlice): boolean {
    const generations = this.#generations.get(service);
    if (generations === undefined) return true;
    const tracked = generations.get(uid);
    generations.delete(uid);
    return tracked === DELETION_EXPECTED;
  }

  serviceDeleted(service: number): void {
    this.#generations.delete(service);
  }

  #of(service: number): Map<number, number> {
    let generations = this.#generations.get(service);
    if (generations === undefined) this.#generations.set(service, (generations = new Map()));
    return generations;
  }
}
