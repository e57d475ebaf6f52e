/** Tables that scroll by themselves when they are wider than the screen. */

import type { SummaryTable } from '../charts/chart.js';
import { type Content, html, type Markup } from './markup.js';

/** The first cell of a row is its heading. */
export function table(caption: Content, columns: readonly Content[], rows: readonly (readonly Content[])[]): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([heading, ...cells]) =>
            html`<tr>
              <th scope="row">${heading ?? ''}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;
}

export function summaryTable({ caption, columns, rows }: SummaryTable): Markup {
  return table(caption, columns, rows);
}
