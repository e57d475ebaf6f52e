/** Objectives and expectations: their numbers are read in the unit of the metric that they name. */

import { DISTRIBUTION_STATISTICS, type MetricName, METRICS, type MetricUnit } from '../metrics.js';
import { formatDuration, parseDuration, type Parsed, parsePercent, parseQuantity } from '../units.js';
import type { FieldIssue } from './fields.js';
import type { Expectation, Objective } from './experiment.js';
import type { Spec } from './schema.js';
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

export const objectiveOf = ({ metric, statistic, max }: NonNullable<Spec['slos']>[number]): Objective => {
  const { unit } = METRICS[metric];
  const maxText = typeof max === 'string' ? max : textOf(max, unit);
  return { metric, statistic, max: numberOf(max, unit), maxText };
};

export const expectationOf = (
  { id, variant, metric, statistic, value, tolerance, source, inconsistent }: NonNullable<Spec['expect']>[number],
  baseline: string,
): Expectation => ({
  id,
  variant: variant ?? baseline,
  metric,
  statistic,
  value: numberOf(value, METRICS[metric].unit),
  tolerance,
  source,
  inconsistent: inconsistent ?? null,
});

/** A plain number has the metric's base unit already. */
const readNumber = (written: string | number, unit: MetricUnit): Parsed<number> =>
  typeof written === 'number' ? { value: written } : readers[unit](written);

const numberOf = (written: string | number, unit: MetricUnit): number => {
  const parsed = readNumber(written, unit);
  if ('problem' in parsed) throw new Error(`a number that cannot be read passed the checks: ${parsed.problem}`);
  return parsed.value;
};

const readSeconds = (text: string): Parsed<number> => {
  const parsed = parseDuration(text);
  return 'value' in parsed ? { value: parsed.value / 1e9 } : parsed;
};

/** "80%" and 0.8 are the same ratio. */
const readRatio = (text: string): Parsed<number> => (text.endsWith('%') ? parsePercent(text) : parseQuantity(text));

const readers: Readonly<Record<MetricUnit, (text: string) => Parsed<number>>> = {
  seconds: readSeconds,
  bytes: parseQuantity,
  bytesPerSecond: parseQuantity,
  eventsPerSecond: parseQuantity,
  count: parseQuantity,
  ratio: readRatio,
  cores: parseQuantity,
};

/** People want to see the unit. */
const textOf = (value: number, unit: MetricUnit): string => {
  const ns = Math.round(value * 1e9);
  return unit === 'seconds' && Number.isSafeInteger(ns) && ns >= 0 ? formatDuration(ns) : String(value);
};
