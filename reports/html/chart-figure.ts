/** A chart on the page: heading, what to see, the picture, the numbers as a table, and the data to take away. */

import type { Chart, DrawnChart } from '../charts/chart.js';
import { compileChart } from '../compile-chart.js';
import { chartCsv } from '../csv.js';
import { html, Markup } from './markup.js';
import { summaryTable } from './tables.js';

export interface Figure {
  readonly markup: Markup;
  /** For the script that draws the chart live; null when there is nothing to draw. */
  readonly live: { readonly id: string; readonly vegaSpec: unknown } | null;
}

export async function chartFigure(chart: Chart): Promise<Figure> {
  if ('empty' in chart) {
    return {
      live: null,
      markup: html`<h3 id="${chart.id}">${chart.title}</h3>
        <p class="empty">${chart.empty}</p> `,
    };
  }
  const { vegaSpec, svg } = await compileChart(chart.spec);
  const markup = html`<h3 id="${chart.id}">${chart.title}</h3>
    <p>${chart.takeaway}</p>
    <figure aria-labelledby="${chart.id}">
      <div class="chart" data-chart="${chart.id}">
        <div class="picture" role="img" aria-label="${chart.spec.description ?? ''}" tabindex="0">
          ${new Markup(svg)}
        </div>
      </div>
      <figcaption>${summaryTable(chart.table)}${downloads(chart)}</figcaption>
    </figure> `;
  return { live: { id: chart.id, vegaSpec }, markup };
}

/** Data URLs need neither a script nor a second file. */
function downloads(chart: DrawnChart): Markup {
  const csv = dataUrl('text/csv', chartCsv(chart));
  const spec = dataUrl('application/json', JSON.stringify(chart.spec));
  return html`<p class="actions">
    <a download="${chart.id}.csv" href="${csv}">Data of the chart (CSV)</a> ·
    <a download="${chart.id}.vl.json" href="${spec}">Vega-Lite spec (JSON)</a>
  </p>`;
}

/** Base64, because a name with half a surrogate pair in it cannot be percent-encoded. */
function dataUrl(type: string, text: string): string {
  return `data:${type};charset=utf-8;base64,${Buffer.from(text, 'utf8').toString('base64')}`;
}
