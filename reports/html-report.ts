/**
 * The report as one file that works offline, from a mail or a disk: verdict first, then the numbers, where the time goes,
 * the evidence, and the method. It can be read without JavaScript; with it, the charts come alive.
 */

import type { Results } from '../sim/experiment/results.js';
import { bottleneckChart, comparisonChart, evidenceCharts, loadCharts, lossCharts } from './charts/all-charts.js';
import type { Chart } from './charts/chart.js';
import { bottleneckSection } from './html/bottleneck-section.js';
import { chartFigure, type Figure } from './html/chart-figure.js';
import { comparisonSection } from './html/comparison-section.js';
import { renderDocument } from './html/document.js';
import { headlineSection } from './html/headline-section.js';
import { html, type Markup } from './html/markup.js';
import { methodSection } from './html/method-section.js';
import { nodeRulesSection } from './html/node-rules-section.js';
import { podLoadSection } from './html/pod-load-section.js';
import { requestSection } from './html/request-section.js';
import { loadScripts } from './html/scripts.js';
import { STYLE_SHEET } from './html/style-sheet.js';
import { verdictSection } from './html/verdict-section.js';
import { warningsSection } from './html/warnings-section.js';
import { warningsOf } from './warnings.js';

export async function renderHtmlReport(results: Results): Promise<string> {
  const compared = comparisonChart(results);
  const tradeOff = compared === null ? null : await chartFigure(compared);
  const stages = bottleneckChart(results);
  const bottleneck = stages === null ? null : await chartFigure(stages);
  const evidence = await figuresOf(evidenceCharts(results));
  const losses = await figuresOf(lossCharts(results));
  const loads = await figuresOf(loadCharts(results));

  const comparison = comparisonSection(results, tradeOff);
  const requests = requestSection(results, losses);
  const podLoad = podLoadSection(results, loads);
  const nodeRules = nodeRulesSection(results);
  const body = html`${pageHeader(results, {
      compared: comparison !== null,
      requests: requests !== null,
      load: podLoad !== null,
      time: bottleneck !== null,
      evidence: evidence.length > 0,
      rules: nodeRules !== null,
    })}
    <main>
      ${verdictSection(results)}${headlineSection(results)}${comparison}${requests}${podLoad}${bottleneckSection(results)}
      ${bottleneck === null ? null : timeSection(bottleneck)}${evidence.length === 0 ? null : evidenceSection(evidence)}${nodeRules}${warningsSection(warningsOf(results))}${methodSection(results)}
    </main>
    <footer>
      <p>
        Simulated by kube-headroom ${results.manifest.version}. Numbers come from a model of Kubernetes, not from a
        cluster.
      </p>
    </footer>`;

  const live = [tradeOff, ...losses, ...loads, bottleneck, ...evidence].flatMap((figure) => figure?.live ?? []);
  return renderDocument({
    title: `${results.name} – kube-headroom`,
    body,
    styleSheet: STYLE_SHEET,
    scripts: await loadScripts(),
    chartSpecs: Object.fromEntries(live.map(({ id, vegaSpec }) => [id, vegaSpec])),
  });
}

const timeSection = ({ markup }: Figure): Markup =>
  html`<section aria-labelledby="time">
    <h2 id="time">Where the time goes</h2>
    <p class="soft">The mean true latency, cut into the stages that a change passes. Means add up; quantiles do not.</p>
    ${markup}
  </section> `;

const evidenceSection = (figures: readonly Figure[]): Markup =>
  html`<section aria-labelledby="evidence">
    <h2 id="evidence">Evidence</h2>
    ${figures.map(({ markup }) => markup)}
  </section> `;

async function figuresOf(charts: readonly Chart[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const chart of charts) figures.push(await chartFigure(chart));
  return figures;
}

/** Sections that not every report has, by their id. */
type Presence = Readonly<Record<'compared' | 'requests' | 'load' | 'time' | 'evidence' | 'rules', boolean>>;

function pageHeader({ name, description }: Results, has: Presence): Markup {
  const sections: (readonly [id: string, text: string])[] = [
    ['verdict', 'Verdict'],
    ['headlines', 'Headline numbers'],
    ...(has.compared ? ([['compared', 'What the variants change']] as const) : []),
    ...(has.requests ? ([['requests', 'Requests']] as const) : []),
    ...(has.load ? ([['load', 'How evenly pods are loaded']] as const) : []),
    ['binds', 'What binds'],
    ...(has.time ? ([['time', 'Where the time goes']] as const) : []),
    ...(has.evidence ? ([['evidence', 'Evidence']] as const) : []),
    ...(has.rules ? ([['rules', 'Rules on a node']] as const) : []),
    ['warnings', 'Warnings'],
    ['method', 'Method'],
  ];
  return html`<header>
    <h1>${name}</h1>
    ${description === '' ? null : html`<p>${description}</p>`}
    <nav aria-label="Sections">
      <ul>
        ${sections.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}
      </ul>
    </nav>
  </header> `;
}
