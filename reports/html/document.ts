/** The shell of the page: one file, nothing from outside, and a policy that lets run exactly what it carries. */

import { createHash } from 'node:crypto';

import { html, inlineJson, Markup } from './markup.js';

export interface PageParts {
  readonly title: string;
  readonly body: Markup;
  readonly styleSheet: string;
  readonly scripts: readonly string[];
  /** Vega specs by chart, which the scripts read. */
  readonly chartSpecs: Readonly<Record<string, unknown>>;
}

export function renderDocument({ title, body, styleSheet, scripts, chartSpecs }: PageParts): string {
  // Hashes rather than 'unsafe-inline': whatever text might slip into the page as a script does not run.
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashSource).join(' ')}`,
    `style-src ${hashSource(styleSheet)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="kube-headroom" />
        <title>${title}</title>
        ${rawElement('style', '', styleSheet)}
      </head>
      <body>
        ${body} ${rawElement('script', ' type="application/json" id="chart-specs"', inlineJson(chartSpecs))}
        ${scripts.map((script) => rawElement('script', '', script))}
      </body>
    </html> `;
  return page.text;
}

/** Built outside of a template, since a hash counts every blank between the tags. */
function rawElement(name: 'style' | 'script', attributes: string, content: string): Markup {
  return new Markup(`<${name}${attributes}>${content}</${name}>`);
}

function hashSource(source: string): string {
  return `'sha256-${createHash('sha256').update(source, 'utf8').digest('base64')}'`;
}
