/** What the catalogue of metrics says of each metric (metrics.ts and traffic-metrics.ts hold the catalogue). */

export type MetricUnit = 'seconds' | 'bytes' | 'bytesPerSecond' | 'eventsPerSecond' | 'count' | 'ratio' | 'cores';

export interface MetricDefinition {
  readonly kind: 'distribution' | 'scalar' | 'series';
  readonly unit: MetricUnit;
  /** Short name for headings. */
  readonly title: string;
  /** Which population, which weighting, from when to when. */
  readonly estimand: string;
}

/** One entry of the catalogue. */
export const define = (
  kind: MetricDefinition['kind'],
  unit: MetricUnit,
  title: string,
  estimand: string,
): MetricDefinition => ({ kind, unit, title, estimand });
