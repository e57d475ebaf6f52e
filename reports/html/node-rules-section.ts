import type { Results } from '../../sim/experiment/results.js';
import { nodeRulesTable } from '../node-rules.js';
import { html, type Markup } from './markup.js';
import { table } from './tables.js';

/** What kube-proxy keeps on a node; null when no variant counted it. */
export function nodeRulesSection(results: Results): Markup | null {
  const rows = nodeRulesTable(results);
  if (rows.length === 0) return null;
  return html`<section aria-labelledby="rules">
    <h2 id="rules">Rules on a node</h2>
    <p class="soft">
      What the proxy mode makes of the services. Every sync pays for some of it, and in a mode that looks through rules
      one by one, so does the first packet of every flow.
    </p>
    ${table(
      'Mean over the nodes at the end of the run; a mode without such rules has no number.',
      ['Rules', ...results.variants.map(({ name }) => name)],
      rows,
    )}
  </section> `;
}
