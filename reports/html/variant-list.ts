import type { Results, VariantResult } from '../../sim/experiment/results.js';
import { sentencesByVariant } from '../variant-sentences.js';
import { html, type Markup } from './markup.js';

/** A sentence for each variant that has something to say; the name of a variant only where there are others. */
export const variantList = (results: Results, sentenceOf: (variant: VariantResult) => string | null): Markup =>
  html`<ul>
    ${sentencesByVariant(results, sentenceOf).map(({ name, sentence }) => html`<li>${name === null ? null : html`<strong>${name}</strong>: `}${sentence}</li> `)}
  </ul>`;
