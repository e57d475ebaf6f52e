/**
 * How evenly connections that stay open spread over the pods of a service, in closed form.
 *
 *   connections, pods, what happens to the pods --> open connections of each pod / those of a pod under an even spread
 *
 * A service chooses a pod when a connection opens, and never again: whatever moves connections, such as a rollout, leaves its mark
 * until they close. connection-fluid.ts works out the same for any course of events, connection-level.ts plays single connections;
 * both are held to these laws.
 *
 * The choice is uniform among the pods that are there (iptables and nftables mode). Left out: connections that fail.
 *
 * No `Math.pow` here: its last bit differs between versions of Node.js.
 */

/** base^exponent for a whole number of at least 0. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, rest = exponent; rest > 0; factor *= factor, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= factor;
  }
  return result;
}

/**
 * A restart of the pods one after the other, each coming back before the next one goes: the connections of the pod that goes
 * open again at the others. Connections of each pod in the order of the restarts, 1 being an even spread.
 *
 * The pod that restarts first collects from all that follow, towards e - 1 for many pods; the one that restarts last ends with none.
 * A single pod gets its own back.
 */
export function rollingRestartShares(pods: number): Float64Array<ArrayBuffer> {
  if (pods === 1) return new Float64Array([1]);
  const growth = pods / (pods - 1);
  const afterAll = power(growth, pods);
  return Float64Array.from({ length: pods }, (_, index) =>
    // The difference of two equal powers is 0 and not the error of rounding.
    index === pods - 1 ? 0 : afterAll - power(growth, index + 1),
  );
}

/**
 * A rolling update by one pod at a time (maxSurge 1, maxUnavailable 0): a new pod is there before an old one goes, whose
 * connections open again at all others. Connections of each new pod in the order in which they came, 1 being an even spread.
 *
 * The first new pod tends to e - 1 for many pods, the last one gets the connections of one old pod only.
 */
export function rollingUpdateShares(pods: number): Float64Array<ArrayBuffer> {
  const growth = 1 + 1 / pods;
  const afterAll = power(growth, pods);
  return Float64Array.from({ length: pods }, (_, index) => afterAll - power(growth, index));
}

/** Connections of a pod over those under an even spread. */
export interface ScaleOutLoads {
  /** Of a pod that was there before. */
  readonly oldOverFair: number;
  /** Of a pod that was added. */
  readonly newOverFair: number;
}

/**
 * Some time after pods were added at once. Connections live an exponential time, and as many open as close, evenly over all pods.
 *
 * @param lifetimes time since then, in mean lifetimes of a connection; 0 for ever if connections never close
 */
export function scaleOutLoads(podsBefore: number, podsAfter: number, lifetimes: number): ScaleOutLoads {
  return {
    oldOverFair: 1 + ((podsAfter - podsBefore) / podsBefore) * Math.exp(-lifetimes),
    newOverFair: -Math.expm1(-lifetimes),
  };
}

/**
 * Coefficient of variation of the requests of pods, of connections that are chosen a pod each uniformly and carry requests in
 * numbers that are independent.
 *
 * @param squaredVariation variance over squared mean of the requests of a connection; 0: all carry as many, and the same holds
 *   for the connections themselves
 */
export const requestsVariation = (pods: number, connections: number, squaredVariation: number): number =>
  Math.sqrt((pods * (1 + squaredVariation) - 1) / connections);

/** Mean number of different pods that so many independent choices hit. One connection hits one pod, whatever it carries. */
export const distinctPods = (pods: number, choices: number): number => pods * (1 - power(1 - 1 / pods, choices));

/** Probability that so many independent choices hit a different pod each. */
export function probabilityOfDistinctPods(pods: number, choices: number): number {
  let probability = 1;
  for (let hit = 0; hit < choices; hit++) probability *= Math.max(0, pods - hit) / pods;
  return probability;
}

/**
 * New connections in a row that a pod gets which joins others with open connections, when each one goes to the pod with the fewest
 * (IPVS scheduler lc): as many as an old pod has, and none of them to anybody else.
 */
export const leastConnectionBurst = (connections: number, podsBefore: number): number => connections / podsBefore;
