import type { Results } from '../../sim/experiment/results.js';
import { formatQuantity, formatRatio, NO_VALUE } from '../format.js';
import { metricUnit, objectiveLabel, objectiveValue, summarizeVerdict, VERDICT_LABELS } from '../verdict.js';
import { html, type Markup } from './markup.js';
import { table } from './tables.js';

export function verdictSection(results: Results): Markup {
  const { verdict, label, sentence } = summarizeVerdict(results);
  return html`<section aria-labelledby="verdict">
    <h2 id="verdict">Verdict</h2>
    <div class="verdict ${verdict ?? 'none'}">
      <p><strong>${label}</strong>${sentence}</p>
    </div>
    ${results.objectives.length > 0 ? objectivesTable(results) : null}${results.expectations.length > 0 ? expectationsTable(results) : null}
  </section> `;
}

function objectivesTable({ objectives }: Results): Markup {
  // Only what has no sample, or too few, comes with advice.
  const hasHints = objectives.some(({ hint }) => hint !== '');
  return table(
    'Objectives. An objective passes when the whole 95% interval is at or below the limit, fails when the whole interval is above it, and is inconclusive when the interval straddles it.',
    ['Objective', 'Variant', 'Limit', 'Result', 'Verdict', ...(hasHints ? ['What to do'] : [])],
    objectives.map((objective) => [
      objectiveLabel(objective),
      objective.variant,
      `at most ${objective.maxText}`,
      objectiveValue(objective),
      html`<span class="badge ${objective.verdict}">${VERDICT_LABELS[objective.verdict]}</span>`,
      ...(hasHints ? [objective.hint] : []),
    ]),
  );
}

const EXPECTATION_TONES = { match: 'pass', miss: 'fail', inconsistent: 'inconclusive', error: 'error' } as const;

function expectationsTable({ expectations }: Results): Markup {
  return table(
    'Published measurements that the scenario must reproduce',
    ['Measurement', 'Variant', 'Metric', 'Published', 'Simulated', 'Ratio', 'Outcome', 'Source and note'],
    expectations.map((expectation) => {
      const unit = metricUnit(expectation.metric);
      const { simulated, ratio, verdict, note, source } = expectation;
      return [
        expectation.id,
        expectation.variant,
        `${expectation.metric} ${expectation.statistic}`,
        formatQuantity(expectation.published, unit),
        simulated === null ? NO_VALUE : formatQuantity(simulated, unit),
        ratio === null ? NO_VALUE : formatRatio(ratio),
        html`<span class="badge ${EXPECTATION_TONES[verdict]}">${verdict.toUpperCase()}</span>`,
        note === '' ? source : `${source}. ${note}`,
      ];
    }),
  );
}
