import type { Results } from '../../sim/experiment/results.js';
import { lossSentence, lossTable, losingVariants, remediesOf } from '../request-losses.js';
import type { Figure } from './chart-figure.js';
import { html, type Markup } from './markup.js';
import { table } from './tables.js';
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
    ${table(
      'Requests of all clients, from the first action of the workload to the end of the run. A client that is refused knows at once and can try again; one that gets no answer waits for its own time-out. Causes that lost nothing are left out.',
      ['Number', ...results.variants.map(({ name }) => name)],
      lossTable(results),
    )}
  </section> `;
}
