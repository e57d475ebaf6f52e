import type { Results } from '../../sim/experiment/results.js';
import { compareWithFirst, type Comparison, recommendation } from '../comparison.js';
import type { Figure } from './chart-figure.js';
import { html, type Markup } from './markup.js';

/** What the variants change and which to take; null for a single variant. */
export function comparisonSection(results: Results, tradeOff: Figure | null): Markup | null {
  const [first, ...others] = results.variants;
  if (first === undefined || others.length === 0) return null;
  const advice = recommendation(results);
  return html`<section aria-labelledby="compared">
    <h2 id="compared">What the variants change</h2>
    ${advice === null ? null : html`<p><strong>${advice}</strong></p>`}${comparisonList(compareWithFirst(results))}
    ${tradeOff === null ? null : tradeOff.markup}
  </section> `;
}

function comparisonList(comparison: Comparison | null): Markup {
  if (comparison === null) return html`<p class="empty">The variants have no number in common.</p>`;
  return html`<p>Against <strong>${comparison.first}</strong>: ${comparison.base}.</p>
    <ul>
      ${comparison.others.map(({ name, sentence }) => html`<li><strong>${name}</strong>: ${sentence}</li> `)}
    </ul>
    <p class="soft">
      The latency is the true one. Two numbers differ clearly when their 95% intervals do not overlap; a smaller
      difference, or one without intervals, may be chance.
    </p> `;
}
