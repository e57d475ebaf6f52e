/**
 * How long a key of a work queue waits after a failed sync (client-go AddRateLimited with its default limiter): doubles
 * with every failure in a row.
 *
 * Left out: the bucket of 10 a second that all failing keys share; conflicts are far fewer.
 */
export class RetryBackoff {
  readonly #baseNs: number;
  readonly #maxNs: number;
  readonly #failures = new Map<number, number>();

  constructor(baseNs: number, maxNs: number) {
    this.#baseNs = baseNs;
    this.#maxNs = maxNs;
  }

  /** The sync of the key failed: the delay until it is tried again. */
  next(key: number): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    let delayNs = this.#baseNs;
    for (let n = 0; n < failures && delayNs < this.#maxNs; n++) delayNs *= 2;
    return Math.min(delayNs, this.#maxNs);
  }

  /** The sync of the key succeeded. */
  forget(key: number): void {
    this.#failures.delete(key);
  }

  clear(): void {
    this.#failures.clear();
  }
}
