/**
 * How many requests pods have, over time, in two ways that must agree (Little's law): the number integrated over time, and the times
 * in pods summed over requests.
 */

/** Sums of times are whole numbers, exact up to 2^53 and to this beyond. */
const ROUNDING = 1e-9;

export class RequestsInPods {
  /** Requests that pods have. */
  now = 0;
  #changedNs = 0;
  #integralNs = 0;
  #integralBeforeNs = 0;
  #sumNs = 0;

  arrive(nowNs: number): void {
    this.#advance(nowNs);
    this.now++;
  }

  /** A request that was in its pod for `inPodNs` is there no longer. */
  leave(nowNs: number, inPodNs: number): void {
    this.#advance(nowNs);
    this.now--;
    this.#sumNs += inPodNs;
  }

  /** What was before is not part of `measuredNs`. */
  restartMeasuring(nowNs: number): void {
    this.#advance(nowNs);
    this.#integralBeforeNs = this.#integralNs;
  }

  /** Requests in pods x time, since the measurement began. */
  measuredNs(nowNs: number): number {
    this.#advance(nowNs);
    return this.#integralNs - this.#integralBeforeNs;
  }

  /** How the law is violated when pods have none, or null. */
  violation(): string | null {
    return Math.abs(this.#integralNs - this.#sumNs) <= ROUNDING * this.#integralNs
      ? null
      : `requests were in pods for ${this.#sumNs} ns, and ${this.#integralNs} ns by how many there were (Little's law)`;
  }

  #advance(nowNs: number): void {
    this.#integralNs += this.now * (nowNs - this.#changedNs);
    this.#changedNs = nowNs;
  }
}
