/** The answer of `kube-headroom prestop` for a terminal: one line that says it, advice, and the table of sleeps. */

import { styleText } from 'node:util';

import type { PreStopResults } from '../sim/experiment/prestop-results.js';
import type { Verdict } from '../sim/experiment/results.js';
import { sleepTable, type SleepTable } from './prestop-table.js';
import { adviceOf, answerSentence, preStopWarnings } from './prestop-wording.js';
import { displayWidth, fit, printable, wrap } from './text-layout.js';
import type { TextOptions } from './text-summary.js';

const LEAST_COLUMNS = 40;
const MOST_COLUMNS = 120;
const INDENT = '  ';
const GAP = '  ';

const STYLES: Record<Verdict, 'green' | 'red' | 'yellow'> = {
  pass: 'green',
  fail: 'red',
  error: 'red',
  inconclusive: 'yellow',
};

export function renderPreStopSummary(results: PreStopResults, { columns, color }: TextOptions): string {
  const width = Math.min(Math.max(columns, LEAST_COLUMNS), MOST_COLUMNS);
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const list = (items: readonly string[]): string[] =>
    items.flatMap((item) => {
      const [first = '', ...rest] = wrap(printable(item), width - 2 * INDENT.length);
      return [`${INDENT}- ${first}`, ...rest.map((line) => INDENT.repeat(2) + line)];
    });
  const answer = wrap(printable(answerSentence(results)), width).map((line) =>
    paint(['bold', STYLES[results.verdict]], line),
  );
  const warnings = preStopWarnings(results).map(({ variant, text }) =>
    variant === null ? text : `${variant}: ${text}`,
  );
  const sections = [
    [...answer, ...list(adviceOf(results))],
    [
      paint('bold', `Sleeps of ${printable(results.preStop.service)}`),
      ...wrap(TABLE_NOTE, width).map((line) => paint('dim', line)),
      ...table(results, width, (line) => paint('bold', line)),
    ],
    warnings.length === 0 ? [] : [paint('yellow', 'Warnings'), ...list(warnings)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const TABLE_NOTE = 'share of the requests from the beginning of the rollout to its end (95% interval); of it, by cause';

/** As many columns as there is room for; sleep by sleep where there is none. */
function table({ preStop }: PreStopResults, width: number, heading: (line: string) => string): string[] {
  const choices = [
    { causes: 'values', duration: true },
    { causes: 'values', duration: false },
    { causes: 'none', duration: false },
  ] as const;
  for (const choice of choices) {
    const lines = aligned(sleepTable(preStop, choice));
    if (lines.every((line) => displayWidth(line) <= width)) return [heading(lines[0]!), ...lines.slice(1)];
  }
  const { rows } = sleepTable(preStop, { causes: 'none', duration: false });
  return rows.flatMap(([sleep = '', loss = '', verdict = '']) => [
    `${INDENT}${sleep}: ${verdict}`,
    ...wrap(loss, width - 2 * INDENT.length).map((line) => INDENT.repeat(2) + line),
  ]);
}

function aligned({ headings, rows }: SleepTable): string[] {
  const grid = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...grid.map((row) => displayWidth(row[column]!))));
  return grid.map(
    (row) =>
      INDENT +
      row
        .map((cell, column) => alignedCell(cell, column, widths))
        .join(GAP)
        .trimEnd(),
  );
}

/** Sleeps stand under each other by their last digit. */
function alignedCell(cell: string, column: number, widths: readonly number[]): string {
  return column === 0 ? cell.padStart(widths[0]!) : fit(cell, widths[column]!);
}
