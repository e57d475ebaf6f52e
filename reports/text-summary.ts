/** The result of a run for a terminal: verdict, headline numbers, where the time goes, warnings. */

import { styleText } from 'node:util';

import type { Results, VariantResult, Verdict } from '../sim/experiment/results.js';
import { METRICS } from '../sim/metrics.js';
import { bottleneckSentence } from './bottlenecks.js';
import { compareWithFirst, recommendation } from './comparison.js';
import { formatEstimate, formatPercent, formatQuantity, formatRatio, NO_VALUE, plural } from './format.js';
import { estimateOf, type Headline, headlinesOf, ratioToFirst, replicationRange } from './headlines.js';
import { loadSentence } from './pod-load.js';
import { lossSentence, remediesOf } from './request-losses.js';
import { stageBreakdown } from './stages.js';
import { bar, displayWidth, fit, printable, truncate, wrap } from './text-layout.js';
import { objectiveLabel, objectiveValue, summarizeVerdict, VERDICT_LABELS } from './verdict.js';
import { sentencesByVariant } from './variant-sentences.js';
import { warningsOf } from './warnings.js';

export interface TextOptions {
  readonly columns: number;
  readonly color: boolean;
}

/** Narrower terminals get lines of this width, which they wrap themselves. */
const LEAST_COLUMNS = 40;
/** Wider lines are hard to read. */
const MOST_COLUMNS = 120;
const INDENT = '  ';
const GAP = 2;
const LONGEST_BAR = 30;

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** What sections need to know to set text. */
interface Page {
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

export function renderTextSummary(results: Results, { columns, color }: TextOptions): string {
  const page: Page = {
    columns: Math.min(Math.max(columns, LEAST_COLUMNS), MOST_COLUMNS),
    // Whether colour is wanted has been decided; styleText must not ask the environment again.
    paint: (style, text) => (color ? styleText(style, text, { validateStream: false }) : text),
  };
  const sections = [
    verdictLines(results, page),
    headlineLines(results, page),
    comparisonLines(results, page),
    requestLines(results, page),
    podLoadLines(results, page),
    bottleneckLines(results, page),
    stageLines(results, page),
    warningLines(results, page),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const VERDICT_STYLES: Record<Verdict, Style> = { pass: 'green', fail: 'red', error: 'red', inconclusive: 'yellow' };

function verdictLines(results: Results, { columns, paint }: Page): string[] {
  const { verdict, label, sentence } = summarizeVerdict(results);
  const name = truncate(printable(results.name), columns - label.length - GAP);
  const lines = [`${paint('bold', name)}  ${paint(verdict === null ? 'bold' : VERDICT_STYLES[verdict], label)}`];
  lines.push(...wrap(sentence, columns));
  const width = columns - INDENT.length;
  for (const objective of results.objectives) {
    const badge = VERDICT_LABELS[objective.verdict];
    const variant = results.variants.length > 1 ? `${printable(objective.variant)}: ` : '';
    const text = `${variant}${printable(objectiveLabel(objective))} ${glued(objectiveValue(objective))}, limit ${printable(objective.maxText)}`;
    const [first = '', ...rest] = wrap(text, width - badge.length - 1).map(unglued);
    lines.push(`${INDENT}${paint(VERDICT_STYLES[objective.verdict], badge)} ${first}`);
    lines.push(...rest.map((line) => INDENT.repeat(2) + line));
    lines.push(
      ...wrap(printable(objective.hint), width - INDENT.length).map((line) => INDENT.repeat(2) + paint('dim', line)),
    );
  }
  return lines;
}

/** Keeps numbers and their units on one line. */
const glued = (text: string): string => text.replace(/ (?!\()/g, '\u00a0');
const unglued = (text: string): string => text.replaceAll('\u00a0', ' ');

function headlineLines(results: Results, page: Page): string[] {
  const headlines = headlinesOf(results);
  if (headlines.length === 0) return [];
  const title = page.paint('bold', 'Headline numbers');
  const note = wrap(intervalNote(results), page.columns).map((line) => page.paint('dim', line));
  return [title, ...note, ...(headlineTable(results, headlines, page) ?? headlineBlocks(results, headlines, page))];
}

function intervalNote(results: Results): string {
  const { least, most } = replicationRange(results);
  const ratio =
    results.variants.length > 1
      ? `; times the number of ${truncate(printable(results.variants[0]!.name), LONGEST_NAME)}`
      : '';
  if (most === 1) return `one replication: no interval${ratio}`;
  const count = least === most ? plural(most, 'replication') : `${least} to ${most} replications`;
  return `mean of ${count} (95% interval)${ratio}`;
}

function cell(results: Results, variant: VariantResult, headline: Headline): string {
  const estimate = estimateOf(variant, headline.metric, headline.statistic);
  if (estimate === null) return NO_VALUE;
  const value = formatEstimate(estimate, METRICS[headline.metric].unit);
  const ratio = ratioToFirst(results, variant, headline);
  return ratio === null ? value : `${value} ${formatRatio(ratio)}`;
}

/** Null when the columns do not fit side by side. */
function headlineTable(results: Results, headlines: readonly Headline[], { columns, paint }: Page): string[] | null {
  const grid = [
    ['', ...results.variants.map(({ name }) => truncate(printable(name), LONGEST_NAME))],
    ...headlines.map((headline) => [
      headline.label,
      ...results.variants.map((variant) => cell(results, variant, headline)),
    ]),
  ];
  const widths = grid[0]!.map((_, column) => Math.max(...grid.map((row) => displayWidth(row[column]!))));
  const total = widths.reduce((sum, width) => sum + width, INDENT.length + GAP * (widths.length - 1));
  if (total > columns) return null;
  return grid.map((row, index) => {
    const line =
      INDENT +
      row
        .map((text, column) => fit(text, widths[column]!))
        .join(' '.repeat(GAP))
        .trimEnd();
    return index === 0 ? paint('bold', line) : line;
  });
}

const LONGEST_NAME = 28;

/** One variant below the other. */
function headlineBlocks(results: Results, headlines: readonly Headline[], { columns, paint }: Page): string[] {
  const labelWidth = Math.max(...headlines.map(({ label }) => label.length));
  return results.variants.flatMap((variant) => [
    INDENT + paint('bold', truncate(printable(variant.name), columns - INDENT.length)),
    ...headlines.flatMap((headline) => {
      const text = cell(results, variant, headline);
      const oneLine = `${INDENT.repeat(2)}${fit(headline.label, labelWidth)}  ${text}`;
      if (displayWidth(oneLine) <= columns) return [oneLine];
      return [
        INDENT.repeat(2) + truncate(headline.label, columns - 2 * INDENT.length),
        ...wrap(text, columns - 3 * INDENT.length).map((line) => INDENT.repeat(3) + line),
      ];
    }),
  ]);
}

function comparisonLines(results: Results, page: Page): string[] {
  const comparison = compareWithFirst(results);
  if (comparison === null) return [];
  return [
    page.paint('bold', 'What the variants change'),
    ...wrap(printable(recommendation(results) ?? ''), page.columns),
    ...wrap(`Against ${printable(comparison.first)}: ${comparison.base}.`, page.columns),
    ...comparison.others.flatMap(({ name, sentence }) => listItem(`${name}: ${sentence}`, page)),
  ];
}

function listItem(text: string, { columns }: Page): string[] {
  const [first = '', ...rest] = wrap(printable(text), columns - 2 * INDENT.length);
  return [`${INDENT}- ${first}`, ...rest.map((line) => INDENT.repeat(2) + line)];
}

/** An item for each variant that has something to say; its name only where there are others. */
function variantItems(results: Results, sentenceOf: (variant: VariantResult) => string | null, page: Page): string[] {
  return sentencesByVariant(results, sentenceOf).flatMap(({ name, sentence }) =>
    listItem(name === null ? sentence : `${name}: ${sentence}`, page),
  );
}

const withTitle = (title: string, lines: readonly string[], { paint }: Page): string[] =>
  lines.length === 0 ? [] : [paint('bold', title), ...lines];

function requestLines(results: Results, page: Page): string[] {
  const remedies = remediesOf(results).flatMap(({ cause, sentence }) =>
    listItem(`Against ${cause.because}: ${sentence}`, page),
  );
  return withTitle('Requests', [...variantItems(results, lossSentence, page), ...remedies], page);
}

const podLoadLines = (results: Results, page: Page): string[] =>
  withTitle('How evenly pods are loaded', variantItems(results, loadSentence, page), page);

const bottleneckLines = (results: Results, page: Page): string[] =>
  withTitle('What binds', variantItems(results, bottleneckSentence, page), page);

function stageLines(results: Results, { columns, paint }: Page): string[] {
  const broken = results.variants.flatMap((variant) => {
    const breakdown = stageBreakdown(variant);
    return breakdown === null ? [] : [{ variant, breakdown }];
  });
  if (broken.length === 0) return [];
  const lines = [paint('bold', 'Where the time goes'), paint('dim', truncate('mean true latency by stage', columns))];
  for (const { variant, breakdown } of broken) {
    const total = formatQuantity(breakdown.totalSeconds, 'seconds');
    const name = truncate(printable(variant.name), columns - INDENT.length - total.length - GAP);
    lines.push(`${INDENT}${paint('bold', name)}  ${total}`);
    const labelWidth = Math.max(...breakdown.stages.map(({ label }) => label.length));
    for (const stage of breakdown.stages.filter(({ meanSeconds }) => meanSeconds > 0)) {
      const numbers = `${formatQuantity(stage.meanSeconds, 'seconds').padStart(7)} ${formatPercent(stage.share).padStart(4)}`;
      const head = `${INDENT.repeat(2)}${fit(stage.label, labelWidth)}  ${numbers}`;
      const room = Math.min(LONGEST_BAR, columns - displayWidth(head) - 1);
      const line = room > 0 ? `${head} ${bar(stage.share, room)}` : head;
      lines.push(stage === breakdown.largest ? paint('bold', line) : line);
    }
  }
  return lines;
}

function warningLines(results: Results, page: Page): string[] {
  const warnings = warningsOf(results);
  if (warnings.length === 0) return [];
  return [
    page.paint('yellow', 'Warnings'),
    ...warnings.flatMap(({ variant, text }) =>
      listItem(variant === null || results.variants.length === 1 ? text : `${variant}: ${text}`, page),
    ),
  ];
}
