/** A time series as plain data: `values[i]` is what fell between `i` and `i + 1` bin widths. */
export interface TimeSeriesData {
  readonly binWidthNs: number;
  readonly total: number;
  readonly values: readonly number[];
}

/**
 * Amounts (requests, bytes, CPU time) over simulated time, in a bounded number of bins from time 0 on.
 *
 * How long a run lasts is not known when it starts. So the bins start narrow, and when the time goes beyond the last one,
 * neighbours are merged and the width doubles: memory stays the same and no amount is lost. Widths are the base width times a
 * power of two, so that the series of several replications or variants can be brought to the widest among them exactly.
 */
export class TimeSeries {
  private readonly bins: Float64Array;
  private widthNs: number;
  private usedBins = 0;
  private sum = 0;

  /**
   * @param baseWidthNs width of a bin at first
   * @param binLimit how many bins there are at most; even, so that they merge in pairs
   */
  constructor(baseWidthNs: number, binLimit = 512) {
    if (!Number.isSafeInteger(baseWidthNs) || baseWidthNs < 1) {
      throw new RangeError(`a bin is a whole number of nanoseconds wide, not ${baseWidthNs}`);
    }
    if (!Number.isSafeInteger(binLimit) || binLimit < 2 || binLimit % 2 !== 0) {
      throw new RangeError(`the limit of bins is an even number from 2 on, not ${binLimit}`);
    }
    this.widthNs = baseWidthNs;
    this.bins = new Float64Array(binLimit);
  }

  /** Width of the bins at present. */
  get binWidthNs(): number {
    return this.widthNs;
  }

  /** Sum of all amounts as they were given, so that spreading one costs no rounding here. */
  get total(): number {
    return this.sum;
  }

  /** Adds an amount at an instant. An instant on the border of two bins belongs to the later one. */
  add(timeNs: number, amount: number): void {
    const bin = this.reach(timeNs);
    this.bins[bin]! += amount;
    this.sum += amount;
    if (bin >= this.usedBins) this.usedBins = bin + 1;
  }

  /** Adds an amount that accrued evenly from `startNs` to `endNs`; all of it at the instant where these are the same. */
  addSpread(startNs: number, endNs: number, amount: number): void {
    if (!(endNs >= startNs)) throw new RangeError(`an amount cannot accrue from ${startNs} ns to ${endNs} ns`);
    if (startNs === endNs) {
      this.add(startNs, amount);
      return;
    }
    // The end is reached first: it may widen the bins. An end on a border leaves nothing to the bin behind it.
    const atEnd = this.reach(endNs);
    const last = atEnd * this.widthNs === endNs ? atEnd - 1 : atEnd;
    const first = this.reach(startNs);
    const perNs = amount / (endNs - startNs);
    let left = amount;
    let fromNs = startNs;
    for (let bin = first; bin < last; bin++) {
      const toNs = (bin + 1) * this.widthNs;
      const share = (toNs - fromNs) * perNs;
      this.bins[bin]! += share;
      left -= share;
      fromNs = toNs;
    }
    // What is left, not what would be computed: the shares add up to the amount.
    this.bins[last]! += left;
    this.sum += amount;
    if (last >= this.usedBins) this.usedBins = last + 1;
  }

  /** The amount in each bin, up to the last that got any. */
  values(): Float64Array {
    return this.bins.slice(0, this.usedBins);
  }

  /**
   * The amounts in wider bins, such as those of another series that is to be shown beside this one.
   *
   * @param widthNs a power of two times `binWidthNs`
   */
  rebin(widthNs: number): Float64Array {
    const ratio = widthNs / this.widthNs;
    if (!(ratio >= 1) || !Number.isInteger(Math.log2(ratio))) {
      throw new RangeError(`bins of ${this.widthNs} ns cannot be merged into bins of ${widthNs} ns`);
    }
    const wider = new Float64Array(Math.ceil(this.usedBins / ratio));
    for (let bin = 0; bin < this.usedBins; bin++) wider[Math.floor(bin / ratio)]! += this.bins[bin]!;
    return wider;
  }

  toJSON(): TimeSeriesData {
    return { binWidthNs: this.widthNs, total: this.sum, values: [...this.values()] };
  }

  /** The bin of an instant, for which the bins are widened as far as it takes. */
  private reach(timeNs: number): number {
    if (!(timeNs >= 0 && timeNs <= Number.MAX_SAFE_INTEGER))
      throw new RangeError(`${timeNs} ns is not a simulated time`);
    while (timeNs >= this.widthNs * this.bins.length) this.widen();
    return Math.floor(timeNs / this.widthNs);
  }

  private widen(): void {
    const bins = this.bins;
    const half = bins.length / 2;
    for (let bin = 0; bin < half; bin++) bins[bin] = bins[2 * bin]! + bins[2 * bin + 1]!;
    bins.fill(0, half);
    this.widthNs *= 2;
    this.usedBins = Math.ceil(this.usedBins / 2);
  }
}
