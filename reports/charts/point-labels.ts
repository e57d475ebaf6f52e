/**
 * Names beside points, where they cover neither a point nor another name. Vega-Lite has no layout for labels, so this one is
 * made for the static picture's size; a name without room is left out, as the legend has it too.
 */

export interface LabelledPoint {
  /** Pixels from the upper left corner of the plot. */
  readonly x: number;
  readonly y: number;
  /** Null for a point that has no name, and must not be covered. */
  readonly name: string | null;
}

export interface PlacedLabel {
  /** Of the point. */
  readonly index: number;
  readonly name: string;
  readonly align: 'left' | 'right' | 'center';
  /** Pixels from the point to the label's anchor. */
  readonly dx: number;
  readonly dy: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a character at 12 px, rather too wide than too narrow. */
const CHARACTER_WIDTH_PX = 7;
const LINE_HEIGHT_PX = 14;
/** From the middle of a point to the nearest edge of its name. */
const GAP_PX = 9;
const POINT_RADIUS_PX = 6;
/** To the right or left and up or down, so that the name's box begins where the point's ends. */
const CORNER_PX = POINT_RADIUS_PX + LINE_HEIGHT_PX / 2;

/** The corners first: a line through the point more often runs beside it than across them. */
const PLACES = [
  { align: 'left', dx: CORNER_PX, dy: -CORNER_PX },
  { align: 'right', dx: -CORNER_PX, dy: -CORNER_PX },
  { align: 'left', dx: CORNER_PX, dy: CORNER_PX },
  { align: 'right', dx: -CORNER_PX, dy: CORNER_PX },
  { align: 'left', dx: GAP_PX, dy: 0 },
  { align: 'right', dx: -GAP_PX, dy: 0 },
  { align: 'center', dx: 0, dy: -GAP_PX - LINE_HEIGHT_PX / 2 },
  { align: 'center', dx: 0, dy: GAP_PX + LINE_HEIGHT_PX / 2 },
] as const;

/** Greedy, in the order of the points: the first place of each name that is free. */
export function placeLabels(points: readonly LabelledPoint[], widthPx: number, heightPx: number): PlacedLabel[] {
  const taken: Box[] = points.map(({ x, y }) => boxAround(x, y, POINT_RADIUS_PX));
  const isFree = (box: Box): boolean =>
    box.left >= 0 &&
    box.right <= widthPx &&
    box.top >= 0 &&
    box.bottom <= heightPx &&
    !taken.some((other) => overlaps(box, other));
  const placed: PlacedLabel[] = [];
  for (const [index, { x, y, name }] of points.entries()) {
    if (name === null) continue;
    const width = Array.from(name).length * CHARACTER_WIDTH_PX;
    const place = PLACES.find((candidate) => isFree(boxOf(x, y, width, candidate)));
    if (place === undefined) continue;
    taken.push(boxOf(x, y, width, place));
    placed.push({ index, name, ...place });
  }
  return placed;
}

function boxOf(x: number, y: number, width: number, { align, dx, dy }: (typeof PLACES)[number]): Box {
  const anchor = x + dx;
  const left = align === 'left' ? anchor : align === 'right' ? anchor - width : anchor - width / 2;
  const top = y + dy - LINE_HEIGHT_PX / 2;
  return { left, right: left + width, top, bottom: top + LINE_HEIGHT_PX };
}

const boxAround = (x: number, y: number, radius: number): Box => ({
  left: x - radius,
  right: x + radius,
  top: y - radius,
  bottom: y + radius,
});

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
