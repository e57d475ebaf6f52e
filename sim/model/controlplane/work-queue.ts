/**
 * client-go's work queue over integer keys (util/workqueue/queue.go): a FIFO with a dirty set and a processing set.
 *
 *   add --> [dirty, FIFO] --take--> [processing] --done--> (again to the FIFO's tail if it was added meanwhile)
 *
 * So a key never runs on two workers at once, and any number of adds while it is processed make exactly one rerun.
 * Delays (AddAfter, AddRateLimited) are in delaying-queue.ts: they end in `add`.
 *
 * Left out: metrics, shutting down.
 */
export class WorkQueue {
  readonly #dirty: Uint8Array;
  readonly #processing: Uint8Array;
  // A ring: a key is in it at most once, so it never holds more than there are keys.
  readonly #ring: Int32Array;
  #head = 0;
  #length = 0;

  /** `keys`: keys are 0 to keys - 1. */
  constructor(keys: number) {
    this.#dirty = new Uint8Array(keys);
    this.#processing = new Uint8Array(keys);
    this.#ring = new Int32Array(Math.max(1, keys));
  }

  /** Keys that wait for a worker. */
  get length(): number {
    return this.#length;
  }

  /** Marks the key as due for processing; false, and a no-op, when it already is. */
  add(key: number): boolean {
    if (this.#dirty[key] === 1) return false;
    this.#dirty[key] = 1;
    if (this.#processing[key] === 0) this.#push(key);
    return true;
  }

  /** Hands out the key that waited longest; the caller must call `done` for it. -1 when none waits. */
  take(): number {
    if (this.#length === 0) return -1;
    const key = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#length--;
    this.#processing[key] = 1;
    this.#dirty[key] = 0;
    return key;
  }

  /** Ends the processing of a key that `take` handed out. */
  done(key: number): void {
    this.#processing[key] = 0;
    if (this.#dirty[key] === 1) this.#push(key);
  }

  /** Forgets every key: as a new process starts. */
  clear(): void {
    this.#dirty.fill(0);
    this.#processing.fill(0);
    this.#head = 0;
    this.#length = 0;
  }

  #push(key: number): void {
    this.#ring[(this.#head + this.#length) % this.#ring.length] = key;
    this.#length++;
  }
}
