/** The charts of a report, by the section that they stand in. */

import type { Results } from '../../sim/experiment/results.js';
import type { Chart } from './chart.js';
import { isAtRest, nothingWasWritten } from '../headlines.js';
import { firstPacket } from './first-packet.js';
import { hopTradeOff } from './hop-trade-off.js';
import { lossesByCause } from './losses-by-cause.js';
import { lossesOverTime } from './losses-over-time.js';
import { nplByStage } from './npl-by-stage.js';
import { nplMeasured, nplTrue } from './npl-distribution.js';
import { objectSizes } from './object-sizes.js';
import { podLoadDistribution } from './pod-load-distribution.js';
import { responseTime } from './response-time.js';
import { withShortNames } from './short-names.js';
import { syncCpu } from './sync-cpu.js';
import { syncDuration } from './sync-duration.js';
import { syncKinds } from './sync-kinds.js';
import { tradeOff } from './trade-off.js';
import { watchBytes, watchEvents } from './watch-traffic.js';

/** Null where there was no change that could take time. */
export function bottleneckChart(results: Results): Chart | null {
  return nothingWasWritten(results) ? null : nplByStage(withShortNames(results));
}

/** None for a single variant, which there is nothing to weigh against, and where no change was to be programmed. */
export function comparisonChart(results: Results): Chart | null {
  return results.variants.length < 2 || nothingWasWritten(results) ? null : tradeOff(withShortNames(results));
}

/** Of the section on requests that are lost. */
export function lossCharts(results: Results): Chart[] {
  const shortened = withShortNames(results);
  return [lossesByCause(shortened), lossesOverTime(shortened)].flatMap((chart) => chart ?? []);
}

/** Of the section on how evenly pods are loaded. */
export function loadCharts(results: Results): Chart[] {
  const shortened = withShortNames(results);
  return [podLoadDistribution(shortened), responseTime(shortened), hopTradeOff(shortened)].flatMap(
    (chart) => chart ?? [],
  );
}

const OF_CHANGES = [nplMeasured, nplTrue, watchBytes, watchEvents, objectSizes, syncCpu];
const OF_NODES = [syncKinds, syncDuration, firstPacket];

/** Without a change, only what was measured all the same: a row of charts that are empty shows nothing. */
export function evidenceCharts(results: Results): Chart[] {
  const shortened = withShortNames(results);
  const ofNodes = (isAtRest(results) ? [firstPacket] : OF_NODES).flatMap((chart) => chart(shortened) ?? []);
  if (nothingWasWritten(results)) return ofNodes.filter((chart) => !('empty' in chart));
  return [...OF_CHANGES.map((chart) => chart(shortened)), ...ofNodes];
}
