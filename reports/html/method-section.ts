/** How the numbers came about: enough to run them again, and to know what each of them means. */

import type { Results, VariantResult } from '../../sim/experiment/results.js';
import { type MetricName, METRICS, NPL_STAGES } from '../../sim/metrics.js';
import { formatEstimate, formatInteger, formatQuantity, plural } from '../format.js';
import { HEADLINES } from '../headlines.js';
import { NODE_GAUGES } from '../node-rules.js';
import { LOAD_METRICS } from '../pod-load.js';
import { LOSS_METRICS } from '../request-losses.js';
import { type Content, html, type Markup } from './markup.js';
import { table } from './tables.js';

export function methodSection(results: Results): Markup {
  return html`<section aria-labelledby="method">
    <h2 id="method">Method</h2>
    <h3>The run</h3>
    ${manifestList(results)}${table(
      'Variants',
      [
        'Variant',
        'Kubernetes',
        'Nodes',
        'Proxy mode',
        'Changed settings',
        'Replications',
        'Simulated time',
        'Scenario hash',
      ],
      results.variants.map(variantRow),
    )}
    <details>
      <summary>Fingerprints of the replications</summary>
      <p class="soft">
        A hash of the events in their order: the same scenario and seed give the same fingerprints on any machine.
      </p>
      ${results.variants.map(({ name, fingerprints }) => html`<p>${name}: ${fingerprints.map((fingerprint, index) => html`${index > 0 ? ', ' : ''}<code>${fingerprint}</code>`)}</p> `)}
    </details>
    <h3>The intervals</h3>
    <p>
      A replication is one simulated run with random numbers of its own. An estimate is the mean over the replications
      of one number per replication; for a quantile, of each replication's quantile. Its interval is the two-sided 95%
      Student-t interval of that mean. Variants draw the same random numbers for the same purpose, so that they differ
      by their settings only. Curves and histograms join the samples of all replications.
    </p>
    <h3>What is measured</h3>
    ${table(
      'The metrics of this report: the population, its weighting, and from when to when',
      ['Metric', 'Name', 'Estimand'],
      shownMetrics(results).map((metric) => [
        METRICS[metric].title,
        html`<code>${metric}</code>`,
        METRICS[metric].estimand,
      ]),
    )}
  </section> `;
}

function manifestList({ manifest, timing, question }: Results): Markup {
  const entries: (readonly [string, Content])[] = [
    ['Program', `${manifest.tool} ${manifest.version}, Node.js ${timing.node}`],
    ['Scenario file', html`<code>${manifest.scenarioFile}</code>`],
    ['Scenario hash', html`<code>${manifest.scenarioHash}</code>`],
    ['Seed', String(manifest.seed)],
    ['Fingerprint', html`<code>${manifest.fingerprint}</code>`],
    [
      'Run',
      `${timing.startedAt}, ${formatQuantity(timing.wallSeconds, 'seconds')} on ${plural(timing.threads, 'thread')}${timing.deliveriesPerSecond === 0 ? '' : `, ${formatQuantity(timing.deliveriesPerSecond, 'eventsPerSecond')} watch deliveries`}`,
    ],
  ];
  if (question !== null) entries.unshift(['Question', question]);
  if (manifest.overrides.length > 0) {
    entries.push(['Set on the command line', manifest.overrides.map((override) => html`<code>${override}</code> `)]);
  }
  return html`<dl>
    ${entries.map(
      ([term, description]) =>
        html`<dt>${term}</dt>
          <dd>${description}</dd> `,
    )}
  </dl> `;
}

function variantRow(variant: VariantResult): Content[] {
  const settings = Object.entries(variant.set);
  return [
    variant.name,
    variant.kubernetes,
    formatInteger(variant.nodes),
    variant.proxyMode,
    settings.length === 0
      ? 'none'
      : settings.map(
          ([path, value], index) => html`${index > 0 ? ', ' : ''}<code>${path} = ${JSON.stringify(value)}</code>`,
        ),
    formatInteger(variant.replications),
    formatEstimate(variant.simulatedSeconds, 'seconds'),
    html`<code>${variant.scenarioHash.slice(0, SHORT_HASH_LENGTH)}</code>`,
  ];
}

const SHORT_HASH_LENGTH = 12;

const CHARTED: readonly MetricName[] = [
  ...LOSS_METRICS,
  'requests_lost_per_second',
  ...LOAD_METRICS,
  ...NPL_STAGES,
  'watch_bytes_per_second',
  'watch_events_per_second',
  'endpoint_object_bytes',
  'endpoint_object_bytes_over_time',
  'kube_proxy_full_syncs_total',
  'sync_proxy_rules_duration_seconds',
  'sync_full_proxy_rules_duration_seconds',
  'sync_partial_proxy_rules_duration_seconds',
  'kube_proxy_first_sync_seconds',
  ...NODE_GAUGES,
  'updates_not_applied_total',
];

/** In the order of the report; only what some variant measured. */
function shownMetrics({ variants }: Results): MetricName[] {
  const shown = new Set([...HEADLINES.map(({ metric }) => metric), ...CHARTED]);
  return [...shown].filter((metric) =>
    variants.some(({ metrics, series }) => metrics[metric] !== undefined || series[metric] !== undefined),
  );
}
