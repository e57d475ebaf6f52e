import type { ReportWarning } from '../warnings.js';
import { html, type Markup } from './markup.js';

export function warningsSection(warnings: readonly ReportWarning[]): Markup {
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
