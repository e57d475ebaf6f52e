/** Clocks of what looks again and again, each with a phase of its own. */

/** The first tick at or after `fromNs` of a clock that ticks at `phaseNs` and every period before and after. */
export function nextTickNs(periodNs: number, phaseNs: number, fromNs: number): number {
  const sinceTickNs = (fromNs - phaseNs) % periodNs;
  if (sinceTickNs === 0) return fromNs;
  return fromNs - sinceTickNs + (sinceTickNs > 0 ? periodNs : 0);
}
