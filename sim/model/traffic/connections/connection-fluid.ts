/**
 * How many connections of a pool each pod holds on average, at the share level: no connection is an event, and between two changes
 * of a view or a pod the course is known exactly.
 *
 *   shares of new connections by pod, pods that stop --> [open connections by pod, slots without one] --> requests by pod, lost
 *
 * The clients of a service hold a fixed number of slots. A connection ends when its client closes it, after an exponential time, or
 * when its pod stops, and its slot opens another one at once. An attempt that fails leaves the slot without a connection until its
 * next request, which tries again, and is lost if that fails too. All of it is linear, so means obey
 *
 *   open'(pod) = share(pod) * (closings + retries) - open(pod) / meanLifetime
 *
 * with constant shares between changes, and so has its sum. As all that opens is dealt out alike, a pod holds what survives of its own
 * connections, and its share of all those that have opened since and survive: neither steps nor errors of steps.
 *
 * Left out: connections that are closed for being idle, requests that are in flight when a pod stops.
 */

const NS_PER_SECOND = 1e9;

/** The connections that the clients of one service hold together. */
export interface ConnectionPool {
  /** Slots: as many connections as are open when none fails. */
  readonly connections: number;
  /** Mean of the exponential time until a client closes a connection; null: it never does. */
  readonly meanLifetimeNs: number | null;
  /** Of all slots together. */
  readonly requestsPerSecond: number;
}

/** What came of the requests of the pool within some time, on average. */
export interface FluidOutcome {
  answered: number;
  /** Of slots that had no connection and got none. */
  lost: number;
  /** Connections that opened. */
  opened: number;
}

/**
 * Pods have positions from 0 that the caller gives out; a position whose pod has stopped may be given to another. Shares are of the
 * attempts to connect: what arrives at each pod that accepts, so they sum to 1, or to less if some attempts fail.
 */
export class ConnectionFluid {
  /** Mean open connections by position; as long as the largest position that had a share, or longer. */
  open = new Float64Array(0);
  /** Requests that each position has answered; the caller may set them to 0. */
  answered = new Float64Array(0);
  /** Slots without a connection. */
  unconnected: number;

  readonly #pool: ConnectionPool;
  /** Per nanosecond, of one connection. */
  readonly #closeRate: number;
  /** Requests per nanosecond, of one slot. */
  readonly #requestRate: number;

  /** All slots are without a connection; `connectAll` opens them as a service at rest has them. */
  constructor(pool: ConnectionPool) {
    this.#pool = pool;
    this.unconnected = pool.connections;
    this.#closeRate = pool.meanLifetimeNs === null ? 0 : 1 / pool.meanLifetimeNs;
    this.#requestRate = pool.requestsPerSecond / NS_PER_SECOND / pool.connections;
  }

  /** Every slot that has no connection tries once. */
  connectAll(shares: Float64Array): void {
    this.#fit(shares.length);
    this.#deal(this.unconnected, shares);
  }

  /** So much time passes under these shares; adds what came of it to `outcome`. */
  advance(dtNs: number, shares: Float64Array, outcome: FluidOutcome): void {
    this.#fit(shares.length);
    const { open, answered } = this;
    const success = shareSum(shares);
    const closeRate = this.#closeRate;
    const requestRate = this.#requestRate;
    const openBefore = this.#pool.connections - this.unconnected;

    // Slots without a connection: closings add the part that fails, retries take away the part that does not.
    const failRate = closeRate * (1 - success);
    const changeRate = failRate + requestRate * success;
    const atRest = changeRate === 0 ? this.unconnected : (failRate * this.#pool.connections) / changeRate;
    const offRest = this.unconnected - atRest;
    const unconnectedTime = atRest * dtNs + offRest * decayedTime(changeRate, dtNs);
    const unconnected = atRest + offRest * Math.exp(-changeRate * dtNs);

    // Of every connection: what survives, and the mean time that it is open.
    const survival = Math.exp(-closeRate * dtNs);
    const survivedTime = decayedTime(closeRate, dtNs);
    const openAfter = this.#pool.connections - unconnected;
    const openTime = this.#pool.connections * dtNs - unconnectedTime;
    const newcomers = openAfter - openBefore * survival;
    const newcomersTime = openTime - openBefore * survivedTime;
    const retried = requestRate * unconnectedTime;

    for (let position = 0; position < open.length; position++) {
      const own = open[position]!;
      const share = success > 0 && position < shares.length ? shares[position]! / success : 0;
      if (own === 0 && share === 0) continue;
      open[position] = own * survival + share * newcomers;
      answered[position]! += requestRate * (own * survivedTime + share * newcomersTime) + share * success * retried;
    }
    this.unconnected = unconnected;
    outcome.answered += requestRate * openTime + success * retried;
    outcome.lost += (1 - success) * retried;
    outcome.opened += success * (closeRate * openTime + retried);
  }

  /** The connections of the pod are reset, and their slots try once: attempts that the shares still send to this pod fail. */
  podStopped(position: number, shares: Float64Array, outcome: FluidOutcome): void {
    this.#fit(Math.max(shares.length, position + 1));
    const reset = this.open[position]!;
    this.unconnected += reset;
    const opened = this.#deal(reset, shares);
    const back = reset * (shares[position] ?? 0);
    this.unconnected += back;
    this.open[position] = 0;
    outcome.opened += opened - back;
  }

  /** This share of the connections of every pod is reset, and their slots try once. */
  reset(share: number, shares: Float64Array, outcome: FluidOutcome): void {
    this.#fit(shares.length);
    let reset = 0;
    for (let position = 0; position < this.open.length; position++) {
      reset += share * this.open[position]!;
      this.open[position]! *= 1 - share;
    }
    this.unconnected += reset;
    outcome.opened += this.#deal(reset, shares);
  }

  /** So many slots without a connection try once; returns how many get one. */
  #deal(slots: number, shares: Float64Array): number {
    for (let position = 0; position < shares.length; position++) this.open[position]! += slots * shares[position]!;
    const opened = slots * shareSum(shares);
    this.unconnected = Math.max(0, this.unconnected - opened);
    return opened;
  }

  #fit(positions: number): void {
    if (positions <= this.open.length) return;
    const capacity = Math.max(positions, 2 * this.open.length);
    const open = new Float64Array(capacity);
    open.set(this.open);
    this.open = open;
    const answered = new Float64Array(capacity);
    answered.set(this.answered);
    this.answered = answered;
  }
}

/** How far from 1 shares may sum by rounding. */
const ROUNDING = 1e-9;

/** Share of the attempts that succeed. */
function shareSum(shares: Float64Array): number {
  let sum = 0;
  for (let position = 0; position < shares.length; position++) sum += shares[position]!;
  return sum > 1 - ROUNDING ? 1 : sum;
}

/** Mean time within `dtNs` that something lasts which ends at a rate: the integral of exp(-rate * t). */
const decayedTime = (rate: number, dtNs: number): number => (rate === 0 ? dtNs : -Math.expm1(-rate * dtNs) / rate);
