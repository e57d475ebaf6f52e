/** A number for a chart: six digits are more than a screen has pixels, and a double's seventeen are most of a file. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
