import type { Results, VariantResult } from '../../sim/experiment/results.js';
import { html, type Markup } from './markup.js';

/** A sentence for each variant that has something to say; the name of a variant only where there are others. */
export function variantList({ variants }: Results, sentenceOf: (variant: VariantResult) => string | null): Markup {
  const items = variants.flatMap((variant) => {
    const sentence = sentenceOf(variant);
    return sentence === null ? [] : [{ name: variant.name, sentence }];
  });
  return html`<ul>
    ${items.map(({ name, sentence }) => html`<li>${variants.length > 1 ? html`<strong>${name}</strong>: ` : null}${sentence}</li> `)}
  </ul>`;
}
