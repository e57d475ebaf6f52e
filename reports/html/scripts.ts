/** The JavaScript that a report carries, in the order in which it runs. */

import { readFile } from 'node:fs/promises';

import { LIVE_CHARTS_SCRIPT } from './live-charts.js';

export async function loadScripts(): Promise<readonly string[]> {
  // The packages' `exports` hide the builds for browsers; they lie beside those that are exported.
  const vega = new URL('./vega.min.js', import.meta.resolve('vega'));
  const interpreter = new URL(import.meta.resolve('vega-interpreter'));
  const [vegaSource, interpreterSource] = await Promise.all([readFile(vega, 'utf8'), readFile(interpreter, 'utf8')]);
  return [withoutSourceMap(vegaSource), asClassicScript(interpreterSource), LIVE_CHARTS_SCRIPT].map(safeInScript);
}

/**
 * The interpreter comes as a module only, and a page from file:// cannot import one. Its one import is of functions that
 * the vega bundle has as well.
 */
function asClassicScript(moduleSource: string): string {
  const IMPORT = /^import \{([^}]*)\} from 'vega-util';$/m;
  const EXPORT = /^export \{ expression as expressionInterpreter \};$/m;
  if (!IMPORT.test(moduleSource) || !EXPORT.test(moduleSource)) {
    throw new Error('this version of vega-interpreter is built in another way than the report expects');
  }
  const body = withoutSourceMap(moduleSource)
    .replace(IMPORT, 'const {$1} = vega;')
    .replace(EXPORT, 'globalThis.expressionInterpreter = expression;');
  return `(() => {\n${body}\n})();\n`;
}

/** The map is not there, and a browser's developer tools would look for it. */
function withoutSourceMap(source: string): string {
  return source.replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}

/** Changing what could end the element would change its meaning; none of the three has it. */
function safeInScript(source: string): string {
  if (/<\/script|<!--/i.test(source)) throw new Error('a script of the report would end its own element');
  return source;
}
