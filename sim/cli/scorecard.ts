/** The table of `validate`: every published value beside the simulated one. */

import { styleText } from 'node:util';

import { formatPercent, formatQuantity, NO_VALUE } from '../../reports/format.js';
import type { ExpectationResult } from '../experiment/results.js';
import { METRICS, type MetricName } from '../metrics.js';

export interface ScorecardOptions {
  readonly columns: number;
  readonly color: boolean;
}

const HEADINGS = ['case', 'published', 'simulated', 'ratio', 'verdict'];

const COLORS = { match: 'green', miss: 'red', error: 'red', inconsistent: 'yellow' } as const;

export function scorecardText(
  expectations: readonly ExpectationResult[],
  { columns, color }: ScorecardOptions,
): string {
  const rows = expectations.map(cells);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  // Numbers must stay whole; in a narrow terminal the case names give way.
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
  widths[0] = Math.min(widths[0] ?? 0, Math.max(12, columns - others));

  const line = (row: readonly string[]): string => row.map((cell, column) => align(cell, column, widths)).join('  ');
  const lines = [
    line(HEADINGS),
    ...expectations.map((expectation, index) => {
      const text = line(rows[index] ?? []);
      return color ? styleText(COLORS[expectation.verdict], text, { validateStream: false }) : text;
    }),
    '',
    ...expectations.flatMap(remark),
    totals(expectations),
  ];
  return `${lines.map((text) => text.trimEnd()).join('\n')}\n`;
}

function cells({ id, metric, published, simulated, ratio, verdict }: ExpectationResult): string[] {
  const { unit } = METRICS[metric as MetricName];
  return [
    id,
    formatQuantity(published, unit),
    simulated === null ? NO_VALUE : formatQuantity(simulated, unit),
    ratio === null ? NO_VALUE : ratio.toFixed(3),
    verdict,
  ];
}

function align(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  if (column === 0) return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
  return column === HEADINGS.length - 1 ? cell : cell.padStart(width);
}

/** What the table cannot hold: why a cell is not judged, how far off a miss is. */
function remark({ id, verdict, note, tolerance, metric, statistic, source }: ExpectationResult): string[] {
  switch (verdict) {
    case 'match':
      return [];
    case 'miss':
      return [`${id}: ${statistic} of ${metric} is off by more than ${formatPercent(tolerance)} (${source})`];
    case 'inconsistent':
      return [`${id}: not judged: ${note}`];
    case 'error':
      return [`${id}: ${note}`];
  }
}

function totals(expectations: readonly ExpectationResult[]): string {
  const verdicts = ['match', 'miss', 'error', 'inconsistent'] as const;
  const counts = verdicts
    .map((verdict) => ({
      verdict,
      count: expectations.filter((expectation) => expectation.verdict === verdict).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`);
  return `${expectations.length} published values: ${counts.join(', ')}`;
}
