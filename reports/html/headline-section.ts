import type { Results, VariantResult } from '../../sim/experiment/results.js';
import { METRICS } from '../../sim/metrics.js';
import { formatEstimate, formatRatio, NO_VALUE } from '../format.js';
import { estimateOf, type Headline, headlinesOf, ratioToFirst, replicationRange } from '../headlines.js';
import { type Content, html, type Markup } from './markup.js';
import { table } from './tables.js';

export function headlineSection(results: Results): Markup {
  const headlines = headlinesOf(results);
  const [first] = results.variants;
  const body =
    first === undefined || headlines.length === 0
      ? html`<p class="empty">Nothing was measured that is not 0.</p>`
      : table(
          headlineCaption(results, first),
          ['Number', ...results.variants.map(({ name }) => name)],
          headlines.map((headline) => [
            headline.label,
            ...results.variants.map((variant) => headlineCell(results, variant, headline)),
          ]),
        );
  return html`<section aria-labelledby="headlines">
    <h2 id="headlines">Headline numbers</h2>
    ${headlines.some(({ metric }) => metric.startsWith('network_programming')) ? LATENCY_NOTE : null}${body}
  </section> `;
}

const LATENCY_NOTE = html`<p class="soft">
  NPL is the network programming latency: from a change of a pod to the moment when a node's rules have it. "As
  measured" is what kube-proxy's own metric reports, "true" is the simulated time; the <a href="#method">method</a> says
  how they differ.
</p> `;

function headlineCaption(results: Results, first: VariantResult): string {
  const { least, most } = replicationRange(results);
  const ratios = results.variants.length > 1 ? ` Below each: how many times the number of ${first.name}.` : '';
  if (most === 1) {
    return `One replication: there is no interval, and another seed may give other numbers.${ratios}`;
  }
  const single = least === 1 ? ' A variant with one replication has no interval.' : '';
  const count = least === most ? String(least) : `${least} to ${most}`;
  return `Mean of ${count} replications with its 95% interval; ±0: the same in every replication.${single}${ratios}`;
}

function headlineCell(results: Results, variant: VariantResult, headline: Headline): Content {
  const estimate = estimateOf(variant, headline.metric, headline.statistic);
  if (estimate === null) return NO_VALUE;
  const ratio = ratioToFirst(results, variant, headline);
  const value = formatEstimate(estimate, METRICS[headline.metric].unit);
  return ratio === null ? value : html`${value}<small>${formatRatio(ratio)}</small>`;
}
