/** Objectives and expectations, from what the file writes to numbers in the unit of the metric that they name. */

import { METRICS, type MetricUnit } from '../metrics.js';
import { formatDuration } from '../units.js';
import type { Expectation, Objective } from './experiment.js';
import type { Spec } from './schema.js';
import { readNumber } from './statements.js';

export const objectiveOf = ({ metric, statistic, max }: NonNullable<Spec['slos']>[number]): Objective => {
  const { unit } = METRICS[metric];
  const maxText = typeof max === 'string' ? max : textOf(max, unit);
  return { metric, statistic, max: numberOf(max, unit), maxText };
};

export const expectationOf = (
  {
    id,
    variant,
    metric,
    statistic,
    value,
    tolerance,
    bound,
    source,
    inconsistent,
  }: NonNullable<Spec['expect']>[number],
  baseline: string,
): Expectation => ({
  id,
  variant: variant ?? baseline,
  metric,
  statistic,
  value: numberOf(value, METRICS[metric].unit),
  tolerance,
  bound: bound ?? null,
  source,
  inconsistent: inconsistent ?? null,
});

const numberOf = (written: string | number, unit: MetricUnit): number => {
  const parsed = readNumber(written, unit);
  if ('problem' in parsed) throw new Error(`a number that cannot be read passed the checks: ${parsed.problem}`);
  return parsed.value;
};

/** People want to see the unit. */
const textOf = (value: number, unit: MetricUnit): string => {
  const ns = Math.round(value * 1e9);
  return unit === 'seconds' && Number.isSafeInteger(ns) && ns >= 0 ? formatDuration(ns) : String(value);
};
