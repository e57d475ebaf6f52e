import { exponential } from '../../sim/kernel/distributions.js';
import { RandomStreams } from '../../sim/kernel/random.js';

/** How far ahead of now new events are scheduled, in ns, by name of the distribution; `u` is uniform in (0, 1). */
const DISTRIBUTIONS = {
  exponential: (u: number) => exponential(u, 1e9),
  // Most events are near, and a tenth is a thousand times further away, as with timeouts beside packets.
  bimodal: (u: number) => (u < 0.9 ? u * 1e6 : 1e10 + u * 1e9),
  // Pareto with infinite mean (shape 2/3), cut at three hours.
  'heavy-tailed': (u: number) => Math.min(1000 * Math.exp(-1.5 * Math.log(u)), 1e13),
  // As many between 1 and 2 ns as between 1 and 2 s: what is pending clusters ever closer around now.
  clustered: (u: number) => Math.pow(2, 40 * u),
  // Eight instants ahead of now: every instant that fires is a burst of ties.
  'ties in bursts': (u: number) => Math.ceil(8 * u) * 1e6,
};

export type DistributionName = keyof typeof DISTRIBUTIONS;
export const distributionNames = Object.keys(DISTRIBUTIONS) as DistributionName[];

const INCREMENTS = 1 << 16;
/** `increments[i & INCREMENT_MASK]` is the i-th of an endless sequence. */
export const INCREMENT_MASK = INCREMENTS - 1;

/** Increments drawn beforehand, so that drawing them is not measured: whole numbers, the same in every process. */
export function drawIncrementsNs(distribution: DistributionName): Float64Array {
  const stream = new RandomStreams('bench', 0).stream('increments', distribution);
  return Float64Array.from({ length: INCREMENTS }, () => Math.round(DISTRIBUTIONS[distribution](stream.double())));
}
