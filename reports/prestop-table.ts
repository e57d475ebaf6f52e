/** The table of sleeps: what each loses, to what, and how long the rollout takes with it. */

import type { PreStopAnswer, SleepResult } from '../sim/experiment/prestop-results.js';
import type { LossVerdict } from '../sim/experiment/prestop-search.js';
import { LOSS_CAUSES, type LossCauseName } from '../sim/traffic-metrics.js';
import { formatEstimate, formatQuantity, NO_VALUE } from './format.js';
import { causeTitle, lossText } from './prestop-wording.js';

const VERDICTS: Record<LossVerdict, string> = { within: 'within', above: 'above', undecided: 'undecided' };

export function sleepVerdict({ outcome }: PreStopAnswer, { sleepSeconds, verdict, loss }: SleepResult): string {
  if (outcome.status === 'found' && outcome.sleepSeconds === sleepSeconds) return 'shortest within';
  return loss === null ? NO_VALUE : VERDICTS[verdict];
}

/** Causes that lose something with some sleep. */
const shownCauses = ({ sleeps }: PreStopAnswer): LossCauseName[] =>
  LOSS_CAUSES.filter((cause) => sleeps.some(({ lossByCause }) => (lossByCause[cause]?.value ?? 0) > 0));

export interface SleepTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function sleepTable(
  answer: PreStopAnswer,
  columns: { readonly causes: 'none' | 'values' | 'intervals'; readonly duration: boolean },
): SleepTable {
  const causes = columns.causes === 'none' ? [] : shownCauses(answer);
  return {
    headings: [
      'sleep',
      'requests lost',
      'against the limit',
      ...causes.map(causeTitle),
      ...(columns.duration ? ['rollout takes'] : []),
    ],
    rows: answer.sleeps.map((sleep) => [
      `${sleep.sleepSeconds} s`,
      lossText(sleep.loss),
      sleepVerdict(answer, sleep),
      ...causes.map((cause) => {
        const share = sleep.lossByCause[cause];
        if (share === undefined) return NO_VALUE;
        return columns.causes === 'intervals' ? lossText(share) : formatQuantity(share.value, 'ratio');
      }),
      ...(columns.duration
        ? [sleep.workloadSeconds === null ? NO_VALUE : formatEstimate(sleep.workloadSeconds, 'seconds')]
        : []),
    ]),
  };
}
