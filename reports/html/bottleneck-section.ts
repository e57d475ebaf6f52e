import type { Results } from '../../sim/experiment/results.js';
import { bottleneckSentence, capitalized, limitTable, settingsOfBottlenecks } from '../bottlenecks.js';
import { formatPercent, NO_VALUE } from '../format.js';
import { html, type Markup } from './markup.js';
import { table } from './tables.js';

export function bottleneckSection(results: Results): Markup {
  const rows = limitTable(results);
  return html`<section aria-labelledby="binds">
    <h2 id="binds">What binds</h2>
    <ul>
      ${results.variants.map((variant) => {
        const settings = settingsOfBottlenecks(variant);
        return html`<li>
          ${results.variants.length > 1 ? html`<strong>${variant.name}</strong>: ` : null}${bottleneckSentence(variant) ?? 'Nothing: no change waited, and no limit is used up.'}
          ${
            settings.length === 0
              ? null
              : html`<span class="soft"
                  >Moved by ${settings.map((path, index) => html`${index > 0 ? ', ' : ''}<code>${path}</code>`)}.</span
                >`
          }
        </li> `;
      })}
    </ul>
    ${
      rows.length === 0
        ? null
        : table(
            'How much of each limit is used, on average from the first workload action to the end of its use. At 100% more load only waits longer.',
            ['Limit', ...results.variants.map(({ name }) => name)],
            rows.map(({ limit, uses }) => [
              capitalized(limit.title),
              ...uses.map((use) => (use === null ? NO_VALUE : formatPercent(use))),
            ]),
          )
    }
  </section> `;
}
