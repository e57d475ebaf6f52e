import type { Results } from '../../sim/experiment/results.js';
import { EVENNESS, type FigureRow, figureTable, loadSentence, PATHS } from '../pod-load.js';
import type { Figure } from './chart-figure.js';
import { html, type Markup } from './markup.js';
import { table } from './tables.js';
import { variantList } from './variant-list.js';

/** How unevenly pods are loaded, and what a shorter way costs in evenness; null where nothing was measured. */
export function podLoadSection(results: Results, figures: readonly Figure[]): Markup | null {
  const evenness = figureTable(EVENNESS, results);
  if (evenness.length === 0) return null;
  const paths = figureTable(PATHS, results);
  return html`<section aria-labelledby="load">
    <h2 id="load">How evenly pods are loaded</h2>
    ${variantList(results, loadSentence)}${figureRows(
      'Load of the ready pods of services with clients at the end of the run, mean over these services.',
      evenness,
      results,
    )}
    ${
      paths.length === 0
        ? null
        : figureRows('Which way the requests go: shares of those that reach a pod.', paths, results)
    }
    ${figures.map(({ markup }) => markup)}
  </section> `;
}

/** A column of explanations would make the rows tall on a phone and be out of its sight: they stand below. */
const figureRows = (caption: string, rows: readonly FigureRow[], { variants }: Results): Markup =>
  html`${table(
      caption,
      ['Number', ...variants.map(({ name }) => name)],
      rows.map(({ label, cells }) => [label, ...cells]),
    )}
    <dl>
      ${rows.map(
        ({ label, reading }) =>
          html`<dt>${label}</dt>
            <dd>${reading}</dd> `,
      )}
    </dl> `;
