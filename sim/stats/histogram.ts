/**
 * Sub-buckets per power of two, as a number of bits. 8 bits bound the relative error of a quantile at 1/512 (0.2 %), far below
 * the statistical error of any run, for 2 KB per power of two that was seen.
 */
const MANTISSA_BITS = 8;
const BUCKETS_PER_OCTAVE = 1 << MANTISSA_BITS;
/** Bits of the high word of a double that are below those of the bucket number. */
const SHIFT = 20 - MANTISSA_BITS;
/** Bucket number of the least normal number: what is below has fewer bits, and counts as 0. */
const FIRST_BUCKET = BUCKETS_PER_OCTAVE;
/** Bucket number of Infinity: sign 0, exponent all ones. Buckets from here on belong to Infinity, NaN and negative numbers. */
const NOT_FINITE = 0x7ff << MANTISSA_BITS;

// One value seen as a double and as two words; the high word comes second on a little-endian machine.
const asDouble = new Float64Array(1);
const asWords = new Uint32Array(asDouble.buffer);
asDouble[0] = 1;
const HIGH_WORD = asWords[1] === 0 ? 0 : 1;

/** Lower bound of a bucket; for the number after a bucket's, its upper bound. */
function lowerBound(bucket: number): number {
  asDouble[0] = 0;
  asWords[HIGH_WORD] = bucket << SHIFT;
  return asDouble[0];
}

/**
 * A histogram as plain data, for results and for transfer between threads: the buckets that have counts, in ascending order.
 * A bucket's number is the sign, the exponent and the first 8 bits of the mantissa of the values in it; 0 is the bucket of zeros.
 */
export interface SparseHistogram {
  readonly count: number;
  readonly sum: number;
  /** 0 when count is 0. */
  readonly min: number;
  readonly max: number;
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
}

/** A step of the cumulative distribution: so many of the values are at most `value`. */
export interface CumulativeStep {
  /** The bucket's upper bound, or the maximum where that is smaller. */
  readonly value: number;
  readonly count: number;
  readonly fraction: number;
}

/** Samples on their way to a histogram, as numbers and as the words of their bit patterns. */
export class SampleBuffer {
  readonly values: Float64Array;
  readonly words: Uint32Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
    this.words = new Uint32Array(this.values.buffer);
  }
}

/**
 * Counts of non-negative numbers in buckets whose width is in proportion to the value: 256 equal ones between each two powers
 * of two. Merging histograms loses nothing, so those of nodes, threads and replications add up to that of the whole.
 *
 * The bucket's number is the top of the value's bit pattern (exponent and first bits of the mantissa), so recording needs no
 * logarithm. Counts are kept for the octaves between the least and the greatest value only; 0 has a count of its own,
 * which it shares with the subnormal numbers (below 2.3e-308).
 * Counts are doubles, exact to 2^53: 32 bits would overflow after 4 billion records without a sign.
 */
export class Histogram {
  private counts = new Float64Array(0);
  /** Number of the first bucket in `counts`. */
  private base = NOT_FINITE;
  private zeroCount = 0;
  private total = 0;
  private least = Infinity;
  private greatest = -Infinity;

  /** Adds a value: a finite number from 0 on. */
  record(value: number): void {
    asDouble[0] = value;
    const index = (asWords[HIGH_WORD]! >>> SHIFT) - this.base;
    const counts = this.counts;
    if (index >= 0 && index < counts.length) {
      counts[index]!++;
      this.total += value;
      if (value < this.least) this.least = value;
      if (value > this.greatest) this.greatest = value;
    } else {
      this.recordMany(value, 1);
    }
  }

  /**
   * Adds the first `length` samples, as `record` would one by one, and several times as fast: what `record` keeps in fields
   * between calls stays in registers here, and the bit patterns are there already.
   */
  recordAll(samples: SampleBuffer, length: number): void {
    const { values, words } = samples;
    let sample = 0;
    while (sample < length) {
      const { counts, base } = this;
      let { total, least, greatest, zeroCount } = this;
      for (; sample < length; sample++) {
        const index = (words[2 * sample + HIGH_WORD]! >>> SHIFT) - base;
        const value = values[sample]!;
        if (index >= 0 && index < counts.length) counts[index]!++;
        else if (value === 0) zeroCount++;
        else break;
        total += value;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
      this.zeroCount = zeroCount;
      this.total = total;
      this.least = least;
      this.greatest = greatest;
      // A value outside of the octaves seen so far widens them, or is refused; then on from there.
      if (sample < length) this.record(values[sample++]!);
    }
  }

  /** Adds a value `count` times. */
  recordMany(value: number, count: number): void {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`a histogram takes finite numbers from 0 on, not ${value}`);
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is not a number of values`);
    if (count === 0) return;
    asDouble[0] = value;
    const bucket = asWords[HIGH_WORD]! >>> SHIFT;
    // -0 is not negative, and has a bucket number far beyond.
    if (value === 0 || bucket < FIRST_BUCKET) {
      this.zeroCount += count;
    } else {
      this.cover(bucket, bucket);
      this.counts[bucket - this.base]! += count;
    }
    this.total += value * count;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
  }

  /** How many values were recorded. */
  get count(): number {
    let count = this.zeroCount;
    for (const inBucket of this.counts) count += inBucket;
    return count;
  }

  /** Sum of the values themselves, not of their buckets: exact for integers below 2^53, else to rounding. */
  get sum(): number {
    return this.total;
  }

  /** The least value, exact; NaN when there is none. */
  get min(): number {
    return this.least <= this.greatest ? this.least : Number.NaN;
  }

  /** The greatest value, exact; NaN when there is none. */
  get max(): number {
    return this.least <= this.greatest ? this.greatest : Number.NaN;
  }

  /** The mean of the values themselves; NaN when there is none. */
  get mean(): number {
    return this.total / this.count;
  }

  /**
   * The value of rank ceil(p * count) in ascending order, for p = 0 the least: the inverse of the empirical distribution
   * function (definition 1 of Hyndman and Fan 1996). NaN when nothing was recorded.
   *
   * Returned is the middle of the bucket that holds that value, never outside of [min, max]: at most 1/512 of the value off.
   * Zeros, the minimum and the maximum are exact.
   */
  quantile(p: number): number {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`a quantile is asked for with p from 0 to 1, not ${p}`);
    const count = this.count;
    if (count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(p * count));
    if (rank === 1) return this.least;
    if (rank === count) return this.greatest;
    let below = this.zeroCount;
    if (rank <= below) return 0;
    const counts = this.counts;
    let index = -1;
    while (below < rank) below += counts[++index]!;
    const bucket = this.base + index;
    const middle = lowerBound(bucket) + (lowerBound(bucket + 1) - lowerBound(bucket)) / 2;
    return Math.min(Math.max(middle, this.least), this.greatest);
  }

  /** Adds all that the other one has recorded. */
  merge(other: Histogram): void {
    const used = other.usedBuckets();
    if (used !== undefined) {
      this.cover(used.first, used.last);
      for (let bucket = used.first; bucket <= used.last; bucket++) {
        this.counts[bucket - this.base]! += other.counts[bucket - other.base]!;
      }
    }
    this.zeroCount += other.zeroCount;
    this.total += other.total;
    this.least = Math.min(this.least, other.least);
    this.greatest = Math.max(this.greatest, other.greatest);
  }

  /** The cumulative distribution, step by step in ascending order, without steps where nothing was recorded. */
  *cumulative(): Generator<CumulativeStep, void, undefined> {
    const total = this.count;
    let count = this.zeroCount;
    if (count > 0) yield { value: 0, count, fraction: count / total };
    for (const [index, inBucket] of this.counts.entries()) {
      if (inBucket === 0) continue;
      count += inBucket;
      yield { value: Math.min(lowerBound(this.base + index + 1), this.greatest), count, fraction: count / total };
    }
  }

  toSparse(): SparseHistogram {
    const buckets: number[] = [];
    const counts: number[] = [];
    if (this.zeroCount > 0) {
      buckets.push(0);
      counts.push(this.zeroCount);
    }
    for (const [index, inBucket] of this.counts.entries()) {
      if (inBucket === 0) continue;
      buckets.push(this.base + index);
      counts.push(inBucket);
    }
    const count = this.count;
    const [min, max] = count === 0 ? [0, 0] : [this.least, this.greatest];
    return { count, sum: this.total, min, max, buckets, counts };
  }

  /** The inverse of `toSparse`. */
  static fromSparse(sparse: SparseHistogram): Histogram {
    const histogram = new Histogram();
    let previous = -1;
    for (const [at, bucket] of sparse.buckets.entries()) {
      const inBucket = sparse.counts[at];
      // Checked since the numbers may come from a file.
      const valid = bucket === 0 || (Number.isInteger(bucket) && bucket >= FIRST_BUCKET && bucket < NOT_FINITE);
      if (!valid || bucket <= previous || inBucket === undefined) {
        throw new RangeError('the buckets of the histogram are not ascending numbers with a count each');
      }
      previous = bucket;
      if (bucket === 0) {
        histogram.zeroCount = inBucket;
      } else {
        histogram.cover(bucket, Math.max(bucket, sparse.buckets.at(-1)!));
        histogram.counts[bucket - histogram.base] = inBucket;
      }
    }
    if (histogram.count !== sparse.count) {
      throw new RangeError(`the buckets of the histogram hold ${histogram.count} values, not ${sparse.count}`);
    }
    histogram.total = sparse.sum;
    if (sparse.count > 0) {
      histogram.least = sparse.min;
      histogram.greatest = sparse.max;
    }
    return histogram;
  }

  private usedBuckets(): { first: number; last: number } | undefined {
    const first = this.counts.findIndex((inBucket) => inBucket !== 0);
    if (first === -1) return undefined;
    return { first: this.base + first, last: this.base + this.counts.findLastIndex((inBucket) => inBucket !== 0) };
  }

  /** Extends the counts, by whole octaves, to hold the buckets from `first` to `last`. */
  private cover(first: number, last: number): void {
    const end = this.base + this.counts.length;
    const isNew = this.counts.length === 0;
    if (!isNew && first >= this.base && last < end) return;
    const octave = (bucket: number): number => bucket - (bucket % BUCKETS_PER_OCTAVE);
    const newBase = isNew ? octave(first) : Math.min(this.base, octave(first));
    const lastEnd = octave(last) + BUCKETS_PER_OCTAVE;
    const counts = new Float64Array((isNew ? lastEnd : Math.max(end, lastEnd)) - newBase);
    counts.set(this.counts, isNew ? 0 : this.base - newBase);
    this.counts = counts;
    this.base = newBase;
  }
}
