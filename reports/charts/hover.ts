/**
 * Places to point at on a line, with a tooltip each. A picture has no use for them, and they would be most of its size, so
 * they are there only once the page's script has set the parameter `live`.
 */

export const LIVE = { name: 'live', value: false };

export interface TooltipField {
  readonly field: string;
  readonly type: 'nominal' | 'quantitative';
  readonly title: string;
  readonly format?: string;
}

export function hoverLayer(tooltip: readonly TooltipField[]) {
  return {
    transform: [{ filter: LIVE.name }],
    // Invisible, and larger than a line is wide. Not for screen readers: they have the table.
    mark: { type: 'point' as const, filled: true, size: 120, opacity: 0, aria: false },
    encoding: { tooltip: [...tooltip] },
  };
}
