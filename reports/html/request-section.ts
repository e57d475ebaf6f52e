import type { Results } from '../../sim/experiment/results.js';
import { losingVariants, lossSentence, remediesOf } from '../request-losses.js';
import type { Figure } from './chart-figure.js';
import { html, type Markup } from './markup.js';
import { variantList } from './variant-list.js';

/** What clients lose, why, and what helps; null without clients. */
export function requestSection(results: Results, figures: readonly Figure[]): Markup | null {
  if (losingVariants(results).length === 0) return null;
  const remedies = remediesOf(results);
  return html`<section aria-labelledby="requests">
    <h2 id="requests">Requests</h2>
    ${variantList(results, lossSentence)}
    ${
      remedies.length === 0
        ? null
        : html`<h3 id="remedies">What helps</h3>
            <ul>
              ${remedies.map(({ cause, sentence }) => html`<li>Against <strong>${cause.because}</strong>: ${sentence}</li> `)}
            </ul>`
    }
    ${figures.map(({ markup }) => markup)}
  </section> `;
}
