/** Values of the form 1, 2 or 5 times a power of ten within the data; powers of ten alone when there are many. */
export function roundValues(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least));
  const last = Math.ceil(Math.log10(most));
  const steps = last - first > 4 ? [1] : [1, 2, 5];
  const candidates = Array.from({ length: last - first + 1 }, (_, index) =>
    steps.map((step) => Number(`${step}e${first + index}`)),
  );
  return candidates.flat().filter((value) => value >= least && value <= most);
}
