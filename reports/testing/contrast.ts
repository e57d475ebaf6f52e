/** Contrast of two colours by the definition of WCAG 2: 1 for the same, 21 for black on white. */

export type Rgb = readonly [red: number, green: number, blue: number];

export function contrast(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/** "#3b7dd8" or "rgb(59, 125, 216)". */
export function parseColor(text: string): Rgb {
  const hex = /^#(..)(..)(..)$/.exec(text);
  const channels = hex
    ? hex.slice(1).map((digits) => Number.parseInt(digits, 16))
    : /^rgb\((\d+), (\d+), (\d+)\)$/.exec(text)?.slice(1).map(Number);
  const [red, green, blue] = channels ?? [];
  if (red === undefined || green === undefined || blue === undefined) throw new Error(`${text} is not a colour`);
  return [red, green, blue];
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : Math.exp(2.4 * Math.log((share + 0.055) / 1.055));
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
