/**
 * Closed forms of queues, to hold simulated ones to, and to say what to expect of a pod without simulating it.
 *
 * Times are in units of the mean service time, and "wait" is the time before service begins, "time" that until it has ended.
 * `utilization` is the arrival rate divided by what all servers together can do; "scv" is a squared coefficient of variation.
 * What names no limit needs a utilization below 1. Kendall's notation, as in Kleinrock, "Queueing Systems", volume 1 (1975).
 *
 * Powers are written as products or with exp and log: the pow of the language differs in its last bit between Node.js versions.
 */

/** Probability that an arrival finds all of `servers` busy and is turned away (M/G/c/c); `load`: arrival rate x mean service time. */
export function erlangB(servers: number, load: number): number {
  let blocked = 1;
  for (let busy = 1; busy <= servers; busy++) blocked = (load * blocked) / (busy + load * blocked);
  return blocked;
}

/** Probability that an arrival has to wait (M/M/c). */
export function erlangC(servers: number, utilization: number): number {
  checkStable(utilization);
  const blocked = erlangB(servers, servers * utilization);
  return blocked / (1 - utilization * (1 - blocked));
}

/** Mean wait of M/M/c. */
export const mmcMeanWait = (servers: number, utilization: number): number =>
  erlangC(servers, utilization) / (servers * (1 - utilization));

/**
 * Probability that an answer takes longer than `time` (M/M/c, first come first served): the wait is exponential with rate
 * c (1 - utilization) when there is one. With one server it is e^(-(1 - utilization) time).
 */
export function mmcTimeExceeds(servers: number, utilization: number, time: number): number {
  // What does not drain grows beyond every time.
  if (utilization >= 1) return 1;
  const waits = erlangC(servers, utilization);
  const rate = servers * (1 - utilization);
  const service = Math.exp(-time);
  // The wait ends before `time` and the service after: an integral over two exponentials, which nearly equal rates make 0 / 0.
  const difference = Math.abs(rate - 1);
  const slower = Math.exp(-time * Math.min(rate, 1));
  const between = difference === 0 ? time : -Math.expm1(-difference * time) / difference;
  return service + waits * slower * between;
}

/** The time that a share `p` of the answers of M/M/1 take at most. */
export function mm1TimeQuantile(utilization: number, p: number): number {
  checkStable(utilization);
  return -Math.log1p(-p) / (1 - utilization);
}

/** Mean wait of M/G/1 (Pollaczek and Khinchine): scv 0 for constant service times, 1 for exponential ones. */
export function mg1MeanWait(utilization: number, serviceScv: number): number {
  checkStable(utilization);
  return (utilization * (1 + serviceScv)) / (2 * (1 - utilization));
}

/** M/M/1 with room for `limit` in all, the one in service included, at any utilization. */
export interface LimitedQueue {
  /** Probability that an arrival is turned away. */
  readonly blocked: number;
  /** Mean number in service and waiting. */
  readonly meanNumber: number;
  /** Mean time of those that are not turned away. */
  readonly meanTime: number;
}

export function mm1Limited(utilization: number, limit: number): LimitedQueue {
  // From the likelier end, so that weights only fall.
  const isFullLikely = utilization > 1;
  const ratio = isFullLikely ? 1 / utilization : utilization;
  let total = 0;
  let moment = 0;
  let weight = 1;
  for (let step = 0; step <= limit; step++) {
    total += weight;
    moment += weight * (isFullLikely ? limit - step : step);
    if (step < limit) weight *= ratio;
  }
  const blocked = (isFullLikely ? 1 : weight) / total;
  const meanNumber = moment / total;
  return { blocked, meanNumber, meanTime: meanNumber / (utilization * (1 - blocked)) };
}

/**
 * Of GI/M/1: the probability that an arrival finds somebody, which is the root below 1 of sigma = A(1 - sigma), where A is the Laplace
 * transform of the time between arrivals. Given is its logarithm, with its derivative.
 */
function gm1Sigma(logTransform: (s: number) => number, derivative: (s: number) => number): number {
  // A(1 - sigma) - sigma is convex, positive at 0 and 0 at 1: Newton's method from 0 climbs to the first root and not beyond.
  let sigma = 0;
  for (;;) {
    const transform = Math.exp(logTransform(1 - sigma));
    const slope = -transform * derivative(1 - sigma) - 1;
    const next = sigma - (transform - sigma) / slope;
    if (!(next > sigma)) return sigma;
    sigma = next;
  }
}

/** See gm1Sigma: one of `servers` queues that Poisson arrivals are dealt to in turn (round robin), which makes it E_n/M/1. */
export function roundRobinSigma(servers: number, utilization: number): number {
  checkStable(utilization);
  const rate = servers * utilization;
  return gm1Sigma(
    (s) => -servers * Math.log1p(s / rate),
    (s) => -servers / (rate + s),
  );
}

/** See gm1Sigma: arrivals at even distances (D/M/1). */
export function evenArrivalsSigma(utilization: number): number {
  checkStable(utilization);
  return gm1Sigma(
    (s) => -s / utilization,
    () => -1 / utilization,
  );
}

/** Mean time of GI/M/1. */
export const gm1MeanTime = (sigma: number): number => 1 / (1 - sigma);

/**
 * Mean time of M/M/1 queues, of which there are very many, when each arrival goes to the shortest of `choices` that are drawn for it
 * (Mitzenmacher 1996, "The power of two choices in randomized load balancing"); 1 choice: M/M/1.
 */
export function shortestOfMeanTime(choices: number, utilization: number): number {
  checkStable(utilization);
  // The exponents are (d^i - d) / (d - 1): 0, d, d + d^2, ...
  let sum = 0;
  let exponent = 0;
  for (let power = choices; ; power *= choices) {
    const term = Math.exp(exponent * Math.log(utilization));
    if (sum + term === sum) return sum;
    sum += term;
    exponent += power;
  }
}

/** Little's law: how many are there on average, at so many a second that stay so many seconds. */
export const meanInFlight = (perSecond: number, meanSeconds: number): number => perSecond * meanSeconds;

function checkStable(utilization: number): void {
  if (utilization >= 0 && utilization < 1) return;
  throw new RangeError(`a queue without limit settles at a utilization from 0 to below 1, not at ${utilization}`);
}
