/** From a Vega-Lite spec to what the page needs: the Vega spec that runs in the browser, and a picture for before that. */

import { type LoggerInterface, parse, type Spec, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

import { CHART_CONFIG } from './charts/style.js';

export interface CompiledChart {
  readonly vegaSpec: Spec;
  readonly svg: string;
}

/** A chart that follows the width of its window says this where there is none. */
const NO_WINDOW = 'Can not resolve event source: window';

export async function compileChart(spec: TopLevelSpec): Promise<CompiledChart> {
  const complaints: string[] = [];
  const logger = collectingLogger(complaints);
  const { spec: vegaSpec } = compile(spec, { config: CHART_CONFIG, logger });
  const view = new View(parse(vegaSpec), { renderer: 'none', logger });
  try {
    const svg = await view.toSVG();
    // Vega-Lite draws what it can of a wrong spec and only warns; a chart that is wrong must not go out.
    const real = complaints.filter((complaint) => complaint !== NO_WINDOW);
    if (real.length > 0) throw new Error(`the chart is wrong: ${real.join('; ')}`);
    return { vegaSpec, svg };
  } finally {
    view.finalize();
  }
}

function collectingLogger(complaints: string[]): LoggerInterface {
  let level = 0;
  const collect = (...messages: readonly unknown[]): LoggerInterface => {
    complaints.push(messages.map(String).join(' '));
    return logger;
  };
  const ignore = (): LoggerInterface => logger;
  function levelOf(): number;
  function levelOf(value: number): LoggerInterface;
  function levelOf(value?: number): number | LoggerInterface {
    if (value === undefined) return level;
    level = value;
    return logger;
  }
  const logger: LoggerInterface = { level: levelOf, error: collect, warn: collect, info: ignore, debug: ignore };
  return logger;
}
