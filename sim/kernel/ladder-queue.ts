import type { EventQueue } from './event-queue.js';

/** Bottom holds at most this many events before some are moved to a rung: insertion into it shifts what is later. */
const BOTTOM_LIMIT = 64;
/** A bucket with more events than this is spread over a rung of its own instead of being sorted. */
const SORT_LIMIT = 48;
/** Top is sorted into Bottom at once when it holds no more than this: small simulations never need a rung. */
const SMALL_TOP = 32;
/** Buckets per event when a rung is made. More buckets mean less sorting, and more memory to miss the cache on. */
const BUCKETS_PER_EVENT = 2;
// A rung is these numbers. They share one array because every push reads them; a power of two makes the index a shift.
const RUNG_WORDS = 8;
const START_NS = 0;
const BUCKETS_PER_NS = 1;
/** Numbers in the array of all buckets: the rung's first, the first that has not been taken yet, the last. */
const FIRST = 2;
const CURRENT = 3;
const LAST = 4;
/** A list, oldest first, of events that are all due at the rung's start, in front of its only bucket; 0 if there is none. */
const TIES = 5;
/** How many events the rung was made of, and how many have moved into it from others since. Not those pushed into it. */
const EVENTS = 6;

/**
 * Rungs at most. Each divides a bucket's range of time by more than `SORT_LIMIT`, hence ten are enough to tell apart any two
 * integers below 2^53; the others are for callers that push ever closer to now. When all are in use, two become one.
 */
const MAX_RUNGS = 16;

/**
 * A ladder queue (Tang, Goh and Thng 2005, "Ladder queue: an O(1) priority queue structure for large-scale discrete event
 * simulation"), in typed arrays and with exact first-in first-out order at equal times.
 *
 * ```
 *  push --- far future --------------> Top      unsorted, in order of push
 *    |                                  |  all of it, when nothing earlier is left
 *    |                                  v
 *    +----- in a rung's range -------> Rungs    buckets of equal width; a bucket too full to sort becomes the next rung
 *    |                                  |  one bucket, when Bottom is empty
 *    |                                  v
 *    +----- before all of those -----> Bottom   sorted; pop takes the first
 * ```
 *
 * Why no pattern of pushes is slow. An insertion into Bottom shifts fewer than `BOTTOM_LIMIT` events; before it would shift
 * more, Bottom becomes a rung. When the rungs are used up, two are joined: those where the fewest events move in
 * proportion to those that they join. Of 16 rungs, some two differ little in size, hence an event that moves finds itself
 * among many more than before, and does so about log n times. What is due at the same time cannot be spread, and need not
 * be: it is in order.
 *
 * Why the order is exact. Where an event goes depends on its time alone, and never decreases with it: bucket numbers come
 * from a subtraction, a multiplication and an addition, each monotone in floating point. So of two events the later one is never in
 * front of the earlier, and two of equal time meet in the same list, in order of push, unless the first has moved
 * further down already, where it is served first. Sorting and spreading are stable.
 *
 * Lists of Top and of the buckets are linked through slots of 16 bytes, seen through two views of one buffer:
 * `times[2 * slot]`, `words[4 * slot + 2]` (the event) and `words[4 * slot + 3]` (the next slot). Slot 0 is the nil of
 * all lists, so that zeroed memory is an array of empty buckets. Freed slots are reused last in first out, while the cache
 * still has them.
 */
export class LadderQueue implements EventQueue {
  private pending = 0;

  private times = new Float64Array(2 * 64);
  private words = new Int32Array(this.times.buffer);
  private freeSlot = 0;
  private usedSlots = 1;

  // Top: from `topStartNs` on. `Infinity` means that Bottom alone is in use.
  private topStartNs = Infinity;
  private topMinNs = Infinity;
  private topMaxNs = -Infinity;
  private topFirst = 0;
  private topLast = 0;
  private topCount = 0;

  // Rungs, outermost first; the buckets of each are successive. A bucket's list runs from the newest event to the oldest,
  // which takes one word per bucket.
  private rungCount = 0;
  private readonly rungs = new Float64Array(MAX_RUNGS * RUNG_WORDS);
  private buckets = new Int32Array(1024);

  // Bottom: sorted, from `bottomHead` to before `bottomEnd`.
  private bottomTimes = new Float64Array(4 * BOTTOM_LIMIT);
  private bottomEvents = new Int32Array(4 * BOTTOM_LIMIT);
  private bottomHead = 0;
  private bottomEnd = 0;

  get size(): number {
    return this.pending;
  }

  push(timeNs: number, event: number): void {
    this.pending++;
    this.place(timeNs, event);
  }

  peekTimeNs(): number {
    if (this.bottomHead === this.bottomEnd && !this.refill()) return Infinity;
    return this.bottomTimes[this.bottomHead]!;
  }

  pop(): number {
    if (this.bottomHead === this.bottomEnd && !this.refill()) return -1;
    this.pending--;
    return this.bottomEvents[this.bottomHead++]!;
  }

  clear(): void {
    this.pending = 0;
    this.freeSlot = 0;
    this.usedSlots = 1;
    this.rungCount = 0;
    this.buckets.fill(0);
    this.resetTop(Infinity);
    this.bottomHead = this.bottomEnd = 0;
  }

  /** Puts an event where its time belongs: into Top, else into the outermost rung that has not passed it, else into Bottom. */
  private place(timeNs: number, event: number): void {
    if (timeNs >= this.topStartNs) {
      this.append(timeNs, event);
      return;
    }
    const rungs = this.rungs;
    for (let rung = 0, end = this.rungCount * RUNG_WORDS; rung < end; rung += RUNG_WORDS) {
      const position = (timeNs - rungs[rung + START_NS]!) * rungs[rung + BUCKETS_PER_NS]! + rungs[rung + FIRST]!;
      if (position >= rungs[rung + CURRENT]!) {
        // Bounded before it is truncated: a rung spans the events that it was made of, so that later ones may lie any
        // distance behind its end, where truncation to 32 bits would wrap.
        const last = rungs[rung + LAST]!;
        const bucket = (position < last ? position : last) | 0;
        const slot = this.newSlot(timeNs, event);
        this.words[4 * slot + 3] = this.buckets[bucket]!;
        this.buckets[bucket] = slot;
        return;
      }
    }
    this.insert(timeNs, event);
  }

  private resetTop(startNs: number): void {
    this.topStartNs = startNs;
    this.topMinNs = Infinity;
    this.topMaxNs = -Infinity;
    this.topFirst = this.topLast = this.topCount = 0;
  }

  private newSlot(timeNs: number, event: number): number {
    let slot = this.freeSlot;
    if (slot !== 0) {
      this.freeSlot = this.words[4 * slot + 3]!;
    } else {
      slot = this.usedSlots++;
      if (2 * slot === this.times.length) this.growSlots();
    }
    this.times[2 * slot] = timeNs;
    this.words[4 * slot + 2] = event;
    return slot;
  }

  private growSlots(): void {
    const times = new Float64Array(2 * this.times.length);
    times.set(this.times);
    this.times = times;
    this.words = new Int32Array(times.buffer);
  }

  /** Adds an event at the end of Top. */
  private append(timeNs: number, event: number): void {
    const slot = this.newSlot(timeNs, event);
    this.words[4 * slot + 3] = 0;
    if (this.topCount === 0) this.topFirst = slot;
    else this.words[4 * this.topLast + 3] = slot;
    this.topLast = slot;
    this.topCount++;
    if (timeNs < this.topMinNs) this.topMinNs = timeNs;
    if (timeNs > this.topMaxNs) this.topMaxNs = timeNs;
  }

  /** Puts an event in its place in Bottom, behind those of equal time. */
  private insert(timeNs: number, event: number): void {
    if (this.bottomEnd - this.bottomHead >= BOTTOM_LIMIT && this.relieveBottom(timeNs)) {
      this.place(timeNs, event);
      return;
    }
    if (this.bottomEnd === this.bottomTimes.length) this.makeRoomInBottom(1);
    const times = this.bottomTimes;
    const events = this.bottomEvents;
    const head = this.bottomHead;
    let place = this.bottomEnd++;
    while (place > head && times[place - 1]! > timeNs) {
      times[place] = times[place - 1]!;
      events[place] = events[place - 1]!;
      place--;
    }
    times[place] = timeNs;
    events[place] = event;
  }

  /**
   * Makes room for an event that Bottom, at its limit, would have to take; false when Bottom may as well take it.
   *
   * An event behind all others costs Bottom nothing, so it is sent to Top only where Top has no start yet. For any other,
   * Bottom's events become the innermost rung. If they end with a burst of ties, the burst alone does, and what is in front
   * of it stays: spread together, they would be back as soon as the front is popped, and the burst would move for every few
   * events that are pushed in front of it.
   */
  private relieveBottom(timeNs: number): boolean {
    const firstNs = this.bottomTimes[this.bottomHead]!;
    const lastNs = this.bottomTimes[this.bottomEnd - 1]!;
    const topIsUnused = this.topStartNs === Infinity;
    if (timeNs >= lastNs) {
      if (topIsUnused) this.topStartNs = lastNs;
      return topIsUnused;
    }
    if (topIsUnused) this.topStartNs = lastNs;
    let firstTie = this.bottomEnd - 1;
    while (firstTie > this.bottomHead && this.bottomTimes[firstTie - 1] === lastNs) firstTie--;
    const isBurst = this.bottomEnd - firstTie > SORT_LIMIT;
    const start = isBurst ? firstTie : this.bottomHead;
    let first = 0;
    for (let place = this.bottomEnd - 1; place >= start; place--) {
      const slot = this.newSlot(this.bottomTimes[place]!, this.bottomEvents[place]!);
      this.words[4 * slot + 3] = first;
      first = slot;
    }
    const count = this.bottomEnd - start;
    this.bottomEnd = start;
    this.spread(first, count, isBurst ? lastNs : Math.min(timeNs, firstNs), lastNs);
    return true;
  }

  private makeRoomInBottom(count: number): void {
    const length = this.bottomEnd - this.bottomHead;
    // Popping leaves room in front. Moving the rest there is cheap as long as that is no more than what was popped.
    if (length > this.bottomHead || length + count > this.bottomTimes.length) {
      const capacity = 2 * Math.max(this.bottomTimes.length, length + count);
      const times = new Float64Array(capacity);
      times.set(this.bottomTimes);
      this.bottomTimes = times;
      const events = new Int32Array(capacity);
      events.set(this.bottomEvents);
      this.bottomEvents = events;
    }
    this.bottomTimes.copyWithin(0, this.bottomHead, this.bottomEnd);
    this.bottomEvents.copyWithin(0, this.bottomHead, this.bottomEnd);
    this.bottomHead = 0;
    this.bottomEnd = length;
  }

  /** Fills Bottom, which is empty, with the earliest events; false when there are none. */
  private refill(): boolean {
    this.bottomHead = this.bottomEnd = 0;
    while (this.bottomEnd === 0) {
      if (this.rungCount > 0) this.takeBucket();
      else if (this.topCount > 0) this.takeTop();
      else {
        this.topStartNs = Infinity;
        return false;
      }
    }
    return true;
  }

  private takeTop(): void {
    const first = this.topFirst;
    const count = this.topCount;
    const minNs = this.topMinNs;
    const maxNs = this.topMaxNs;
    if (count <= SMALL_TOP) {
      this.resetTop(Infinity);
      this.moveToBottom(first, count);
    } else {
      this.resetTop(maxNs);
      this.spreadOrMove(first, count, minNs, maxNs);
    }
  }

  /** Takes the innermost rung's next bucket that has events, or some of its ties, or drops the rung if there is nothing left. */
  private takeBucket(): void {
    const buckets = this.buckets;
    const rung = (this.rungCount - 1) * RUNG_WORDS;
    const last = this.rungs[rung + LAST]!;
    let bucket = this.rungs[rung + CURRENT]!;
    while (bucket < last && buckets[bucket] === 0) bucket++;
    if (bucket === last) {
      // A rung of ties has this bucket only, so that no other needs to ask.
      if (this.rungs[rung + TIES] !== 0) {
        this.takeTies(rung);
        return;
      }
      // Dropped with its last bucket: from now on that bucket's range belongs to whatever its events are moved to.
      this.rungCount--;
    }
    this.rungs[rung + CURRENT] = bucket + 1;
    const newest = buckets[bucket]!;
    buckets[bucket] = 0;
    if (newest !== 0 && !this.sortIntoBottom(newest)) this.spreadBucket(newest);
  }

  /**
   * Sorts a bucket's list into Bottom, which is empty; false, and nothing is changed, when it has more than `SORT_LIMIT`
   * events. The list runs from newest to oldest, so each event goes in front of those of equal time.
   */
  private sortIntoBottom(newest: number): boolean {
    const slotTimes = this.times;
    const words = this.words;
    const times = this.bottomTimes;
    const events = this.bottomEvents;
    // Later than every event: ends the search for a place without a check of the bound.
    times[SORT_LIMIT] = Infinity;
    let head = SORT_LIMIT;
    let oldest = newest;
    for (let slot = newest; slot !== 0; slot = words[4 * slot + 3]!) {
      if (head === 0) return false;
      const timeNs = slotTimes[2 * slot]!;
      let place = head--;
      while (times[place]! < timeNs) {
        times[place - 1] = times[place]!;
        events[place - 1] = events[place]!;
        place++;
      }
      times[place - 1] = timeNs;
      events[place - 1] = words[4 * slot + 2]!;
      oldest = slot;
    }
    words[4 * oldest + 3] = this.freeSlot;
    this.freeSlot = newest;
    this.bottomHead = head;
    this.bottomEnd = SORT_LIMIT;
    return true;
  }

  /** Moves some of a rung's ties to Bottom, which is empty: few, as events that come before them would move them back. */
  private takeTies(rung: number): void {
    const words = this.words;
    const events = this.bottomEvents;
    const first = this.rungs[rung + TIES]!;
    let slot = first;
    let last = first;
    let end = 0;
    while (slot !== 0 && end < SORT_LIMIT) {
      events[end++] = words[4 * slot + 2]!;
      last = slot;
      slot = words[4 * slot + 3]!;
    }
    words[4 * last + 3] = this.freeSlot;
    this.freeSlot = first;
    this.bottomTimes.fill(this.rungs[rung + START_NS]!, 0, end);
    this.rungs[rung + TIES] = slot;
    this.bottomEnd = end;
  }

  /** Makes a rung of a bucket's list, whose order it turns into oldest first on the way. */
  private spreadBucket(newest: number): void {
    const times = this.times;
    const words = this.words;
    let count = 0;
    let minNs = Infinity;
    let maxNs = -Infinity;
    let first = 0;
    for (let slot = newest; slot !== 0;) {
      const timeNs = times[2 * slot]!;
      if (timeNs < minNs) minNs = timeNs;
      if (timeNs > maxNs) maxNs = timeNs;
      count++;
      const next = words[4 * slot + 3]!;
      words[4 * slot + 3] = first;
      first = slot;
      slot = next;
    }
    this.spreadOrMove(first, count, minNs, maxNs);
  }

  /** Makes a rung of a list, oldest first, or moves it to Bottom, which is empty, if its events cannot be told apart. */
  private spreadOrMove(first: number, count: number, minNs: number, maxNs: number): void {
    if (minNs === maxNs) this.moveToBottom(first, count);
    else this.spread(first, count, minNs, maxNs);
  }

  /** Makes the innermost rung of a list, oldest first. */
  private spread(first: number, count: number, minNs: number, maxNs: number): void {
    if (this.rungCount === MAX_RUNGS) this.joinRungs();
    // No bucket is narrower than 1 ns, the resolution of the clock.
    const rangeNs = maxNs - minNs + 1;
    const bucketCount = Math.min(BUCKETS_PER_EVENT * count, rangeNs);
    const bucketsPerNs = bucketCount / rangeNs;
    const firstBucket = this.findBuckets(bucketCount);
    const lastBucket = firstBucket + bucketCount - 1;

    const rungs = this.rungs;
    const rung = this.rungCount++ * RUNG_WORDS;
    rungs[rung + START_NS] = minNs;
    rungs[rung + BUCKETS_PER_NS] = bucketsPerNs;
    rungs[rung + FIRST] = firstBucket;
    rungs[rung + CURRENT] = firstBucket;
    rungs[rung + LAST] = lastBucket;
    rungs[rung + EVENTS] = count;
    rungs[rung + TIES] = 0;
    if (minNs === maxNs) {
      rungs[rung + TIES] = first;
      return;
    }

    const times = this.times;
    const words = this.words;
    const buckets = this.buckets;
    for (let slot = first; slot !== 0;) {
      const position = (times[2 * slot]! - minNs) * bucketsPerNs + firstBucket;
      const bucket = (position < lastBucket ? position : lastBucket) | 0;
      const next = words[4 * slot + 3]!;
      words[4 * slot + 3] = buckets[bucket]!;
      buckets[bucket] = slot;
      slot = next;
    }
  }

  /**
   * The first of so many successive buckets that no rung needs, or none any longer; those are empty. The search starts at
   * the beginning, so that what rungs leave behind when they are joined is used again.
   */
  private findBuckets(count: number): number {
    const rungs = this.rungs;
    let first = 0;
    for (let rung = 0; rung < this.rungCount * RUNG_WORDS; rung += RUNG_WORDS) {
      if (first <= rungs[rung + LAST]! && rungs[rung + CURRENT]! < first + count) {
        // In the way: look behind it, and at all rungs again.
        first = rungs[rung + LAST]! + 1;
        rung = -RUNG_WORDS;
      }
    }
    if (first + count > this.buckets.length) {
      const buckets = new Int32Array(2 * (first + count));
      buckets.set(this.buckets);
      this.buckets = buckets;
    }
    return first;
  }

  /**
   * Frees a rung: moves all its events into the last bucket of the next inner one, which takes whatever is behind its end.
   *
   * How many would move is not counted at every push. It is known of the events that the rung was made of; the others are
   * counted when they move for the first time.
   */
  private joinRungs(): void {
    const rungs = this.rungs;
    const end = this.rungCount * RUNG_WORDS;
    let outer = 0;
    let leastRatio = Infinity;
    for (let rung = end - 2 * RUNG_WORDS; rung >= 0; rung -= RUNG_WORDS) {
      const ratio = rungs[rung + EVENTS]! / rungs[rung + RUNG_WORDS + EVENTS]!;
      if (ratio < leastRatio) {
        leastRatio = ratio;
        outer = rung;
      }
    }
    const inner = outer + RUNG_WORDS;
    const words = this.words;
    const buckets = this.buckets;
    const bucketOfInner = rungs[inner + LAST]!;
    // Newest first, like every bucket's. Only the order among equal times counts, and those are never in two buckets.
    let newest = buckets[bucketOfInner]!;
    let moved = 0;
    for (let slot = rungs[outer + TIES]!; slot !== 0; moved++) {
      const next = words[4 * slot + 3]!;
      words[4 * slot + 3] = newest;
      newest = slot;
      slot = next;
    }
    for (let bucket = rungs[outer + CURRENT]!; bucket <= rungs[outer + LAST]!; bucket++) {
      const first = buckets[bucket]!;
      if (first === 0) continue;
      buckets[bucket] = 0;
      let last = first;
      for (moved++; words[4 * last + 3] !== 0; moved++) last = words[4 * last + 3]!;
      words[4 * last + 3] = newest;
      newest = first;
    }
    buckets[bucketOfInner] = newest;
    rungs[inner + EVENTS] = rungs[inner + EVENTS]! + moved;
    rungs.copyWithin(outer, inner, end);
    this.rungCount--;
  }

  /** Sorts a list, oldest first, into Bottom, which is empty. Few events, or equal times, which are in order already. */
  private moveToBottom(first: number, count: number): void {
    if (count > this.bottomTimes.length) this.makeRoomInBottom(count);
    const slotTimes = this.times;
    const words = this.words;
    const times = this.bottomTimes;
    const events = this.bottomEvents;
    let last = first;
    let end = 0;
    for (let slot = first; slot !== 0; slot = words[4 * slot + 3]!) {
      const timeNs = slotTimes[2 * slot]!;
      let place = end++;
      while (place > 0 && times[place - 1]! > timeNs) {
        times[place] = times[place - 1]!;
        events[place] = events[place - 1]!;
        place--;
      }
      times[place] = timeNs;
      events[place] = words[4 * slot + 2]!;
      last = slot;
    }
    words[4 * last + 3] = this.freeSlot;
    this.freeSlot = first;
    this.bottomEnd = end;
  }
}
