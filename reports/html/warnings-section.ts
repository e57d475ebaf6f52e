import type { Results } from '../../sim/experiment/results.js';
import { warningsOf } from '../warnings.js';
import { html, type Markup } from './markup.js';

export function warningsSection(results: Results): Markup {
  const warnings = warningsOf(results);
  return html`<section aria-labelledby="warnings">
    <h2 id="warnings">Warnings</h2>
    ${
      warnings.length === 0
        ? html`<p>None.</p>`
        : html`<ul>
            ${warnings.map(({ variant, text }) => html`<li>${variant === null ? null : html`<strong>${variant}</strong>: `}${text}</li> `)}
          </ul>`
    }
  </section> `;
}
