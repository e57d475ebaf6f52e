/** The charts of a report, by the section that they stand in. */

import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { nplByStage } from './npl-by-stage.js';
import { nplMeasured, nplTrue } from './npl-distribution.js';
import { objectSizes } from './object-sizes.js';
import { withShortNames } from './short-names.js';
import { syncCpu } from './sync-cpu.js';
import { syncDuration } from './sync-duration.js';
import { syncKinds } from './sync-kinds.js';
import { tradeOff } from './trade-off.js';
import { watchBytes, watchEvents } from './watch-traffic.js';

export function bottleneckChart(results: Results): Chart {
  return nplByStage(withShortNames(results));
}

/** None for a single variant: there is nothing to weigh it against. */
export function comparisonChart(results: Results): Chart | null {
  return results.variants.length < 2 ? null : tradeOff(withShortNames(results));
}

export function evidenceCharts(results: Results): Chart[] {
  const shortened = withShortNames(results);
  return [nplMeasured, nplTrue, watchBytes, watchEvents, objectSizes, syncCpu, syncKinds, syncDuration].flatMap(
    (chart) => chart(shortened) ?? [],
  );
}
