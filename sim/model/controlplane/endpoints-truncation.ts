/**
 * The Endpoints controller's cap on the addresses in one object.
 *
 *   ready and not-ready addresses per subset --> truncateEndpoints --> addresses kept per subset, over-capacity annotation
 *
 * Rules of pkg/controller/endpoint/endpoints_controller.go (truncateEndpoints; 1.21 only warned, 1.22 and later truncate):
 * nothing happens up to `max` addresses. Beyond, ready addresses come first: if they alone exceed the cap, every subset keeps
 * its share of them, rounded up, and all not-ready ones go; otherwise all ready ones stay, and the not-ready ones share what is
 * left in the same way. Shares are rounded up, so that the last subsets get less than theirs.
 *
 * Left out: which addresses survive. They are the first in the order of their text, so the same ones every time.
 */

export interface TruncatedEndpoints {
  readonly ready: readonly number[];
  readonly notReady: readonly number[];
  /** The object carries the annotation endpoints.kubernetes.io/over-capacity: truncated. */
  readonly truncated: boolean;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** Addresses that stay, per subset. `max` null: the controller does not truncate (before 1.22). */
export function truncateEndpoints(
  ready: readonly number[],
  notReady: readonly number[],
  max: number | null,
): TruncatedEndpoints {
  const totalReady = sum(ready);
  const totalNotReady = sum(notReady);
  if (max === null || totalReady + totalNotReady <= max) return { ready, notReady, truncated: false };
  if (totalReady > max) {
    return { ready: keepShares(ready, totalReady, max), notReady: notReady.map(() => 0), truncated: true };
  }
  return { ready, notReady: keepShares(notReady, totalNotReady, max - totalReady), truncated: true };
}

/** Each subset's proportional part of `room`, rounded up while any is left. */
function keepShares(counts: readonly number[], total: number, room: number): number[] {
  let left = room;
  return counts.map((count) => {
    const kept = Math.min(Math.ceil((count / total) * room), left);
    left -= kept;
    return kept;
  });
}

/**
 * Whether the controller may leave an object with unchanged addresses alone. Its check accepts only an object within the
 * cap that carries no over-capacity annotation: a truncated object is written again at every sync.
 */
export const capacityAnnotationCorrect = (addresses: number, annotation: string | null, max: number): boolean =>
  addresses <= max && annotation === null;
