/**
 * The random cascade of a KUBE-SVC chain: the rule of the i-th of n endpoints takes a packet with probability 1 / (n - i), as a
 * text of ten decimals, and the last one takes what is left. All endpoints get the same share but for the rounding.
 *
 * Left out: the kernel's own rounding, to 31 bits.
 */

const DECIMALS = 10;
/** More than a double has. */
const EXACT_DECIMALS = 100;

/** The probability of one of `remaining` endpoints, as kube-proxy writes it: ten decimals, ties to even (Go's "%0.10f"). */
export function probabilityText(remaining: number): string {
  const probability = 1 / remaining;
  const text = probability.toFixed(DECIMALS);
  // JavaScript rounds ties up. The only one is 1 / 2048.
  const exact = probability.toFixed(EXACT_DECIMALS);
  const end = exact.length - EXACT_DECIMALS + DECIMALS;
  const isTie = /^50*$/.test(exact.slice(end));
  const isLastKeptEven = Number(exact[end - 1]) % 2 === 0;
  return isTie && isLastKeptEven ? exact.slice(0, end) : text;
}

/** Share of the packets that each of `endpoints` endpoints gets, in the order of the chain. */
export function cascadeShares(endpoints: number): Float64Array {
  let left = 1;
  return Float64Array.from({ length: endpoints }, (_, endpoint) => {
    const remaining = endpoints - endpoint;
    const share = remaining === 1 ? left : left * Number(probabilityText(remaining));
    left -= share;
    return share;
  });
}
