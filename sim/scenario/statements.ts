/** What a file says of a statistic of a metric, in `slos` and `expect`: whether it makes sense, and what its number is. */

import { DISTRIBUTION_STATISTICS, type MetricName, METRICS, type MetricUnit } from '../metrics.js';
import { parseDuration, type Parsed, parsePercent, parseQuantity } from '../units.js';
import type { FieldIssue } from './fields.js';
import { suggestOneOf } from './suggest.js';

/** Something that is said about a statistic of a metric. */
export interface Statement {
  readonly metric: MetricName;
  readonly statistic: string;
}

/** A mistake in one field of a statement. */
export interface StatementIssue extends FieldIssue {
  readonly field: string;
  readonly message: string;
}

/** Whether the metric has such a statistic, and whether the number in `field` can be read in the metric's unit. */
export const checkStatement = (statement: Statement, field: string, written: string | number): StatementIssue[] => {
  const issues: StatementIssue[] = [];
  const unfit = checkStatistic(statement);
  if (unfit !== null) issues.push(unfit);
  const { unit } = METRICS[statement.metric];
  const code = unit === 'seconds' ? 'KH013' : 'KH014';
  const parsed = readNumber(written, unit);
  if ('problem' in parsed) issues.push({ code, field, message: parsed.problem, suggestion: parsed.suggestion });
  else if (!(parsed.value >= 0 && parsed.value < Infinity)) {
    issues.push({ code: 'KH012', field, message: 'must be a number, not below 0', suggestion: null });
  }
  return issues;
};

const checkStatistic = ({ metric, statistic }: Statement): StatementIssue | null => {
  const { kind } = METRICS[metric];
  if (kind === 'series') {
    const message = 'a series over time has no statistic to judge';
    return { code: 'KH018', field: 'metric', message, suggestion: 'take a scalar or a distribution' };
  }
  const statistics: readonly string[] = kind === 'scalar' ? ['value'] : DISTRIBUTION_STATISTICS;
  if (statistics.includes(statistic)) return null;
  const message = `${metric} is a ${kind} and has no statistic "${statistic}"`;
  return { code: 'KH018', field: 'statistic', message, suggestion: suggestOneOf(statistic, statistics) };
};

/** A plain number has the metric's base unit already. */
export const readNumber = (written: string | number, unit: MetricUnit): Parsed<number> =>
  typeof written === 'number' ? { value: written } : readers[unit](written);

const readSeconds = (text: string): Parsed<number> => {
  const parsed = parseDuration(text);
  return 'value' in parsed ? { value: parsed.value / 1e9 } : parsed;
};

/** "80%" and 0.8 are the same ratio, "150%" and 1.5 the same multiple. */
const readRatio = (text: string): Parsed<number> => (text.endsWith('%') ? parsePercent(text) : parseQuantity(text));

const readers: Readonly<Record<MetricUnit, (text: string) => Parsed<number>>> = {
  seconds: readSeconds,
  bytes: parseQuantity,
  bytesPerSecond: parseQuantity,
  eventsPerSecond: parseQuantity,
  count: parseQuantity,
  ratio: readRatio,
  number: readRatio,
  cores: parseQuantity,
};
