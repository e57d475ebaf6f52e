/** What the catalogue of metrics says of each metric (metrics.ts and traffic-metrics.ts hold the catalogue). */

/** A `ratio` is a share, and shown in percent; a `number` has no unit and may be above 1, as a multiple or an index. */
export type MetricUnit =
  'seconds' | 'bytes' | 'bytesPerSecond' | 'eventsPerSecond' | 'count' | 'ratio' | 'number' | 'cores';

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
