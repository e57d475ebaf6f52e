/** The answer of `kube-headroom prestop` as one page that works offline: answer and advice, the curve, the method. */

import type { PreStopResults } from '../sim/experiment/prestop-results.js';
import { METRICS } from '../sim/metrics.js';
import { formatPercent as percentAsWritten } from '../sim/units.js';
import { lossAgainstSleep } from './charts/loss-against-sleep.js';
import { chartFigure } from './html/chart-figure.js';
import { renderDocument } from './html/document.js';
import { html, type Markup } from './html/markup.js';
import { methodSection } from './html/method-section.js';
import { loadScripts } from './html/scripts.js';
import { STYLE_SHEET } from './html/style-sheet.js';
import { warningsSection } from './html/warnings-section.js';
import { adviceOf, answerSentence, limitText, preStopWarnings } from './prestop-wording.js';
import { VERDICT_LABELS } from './verdict.js';

const SECTIONS = [
  ['answer', 'Answer'],
  ['curve', 'Loss against sleep'],
  ['warnings', 'Warnings'],
  ['search', 'The search'],
  ['method', 'Method'],
] as const;

export async function renderPreStopReport(results: PreStopResults): Promise<string> {
  const curve = await chartFigure(lossAgainstSleep(results));
  const body = html`${pageHeader(results)}
    <main>
      ${answerSection(results)}
      <section aria-labelledby="curve">
        <h2 id="curve">Loss against sleep</h2>
        ${curve.markup}
      </section>
      ${warningsSection(preStopWarnings(results))}${searchSection(results)}${methodSection(results)}
    </main>
    <footer>
      <p>
        Simulated by kube-headroom ${results.manifest.version}. Numbers come from a model of Kubernetes, not from a
        cluster.
      </p>
    </footer>`;
  return renderDocument({
    title: `preStop sleep of ${results.preStop.service}, ${results.name} – kube-headroom`,
    body,
    styleSheet: STYLE_SHEET,
    scripts: await loadScripts(),
    chartSpecs: curve.live === null ? {} : { [curve.live.id]: curve.live.vegaSpec },
  });
}

function pageHeader({ name, description, preStop }: PreStopResults): Markup {
  return html`<header>
    <h1>How long must preStop of ${preStop.service} sleep?</h1>
    <p>${name}${description === '' ? '' : `: ${description}`}</p>
    <nav aria-label="Sections">
      <ul>
        ${SECTIONS.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}
      </ul>
    </nav>
  </header> `;
}

function answerSection(results: PreStopResults): Markup {
  const label = results.partial ? 'INTERRUPTED' : VERDICT_LABELS[results.verdict];
  const advice = adviceOf(results);
  return html`<section aria-labelledby="answer">
    <h2 id="answer">Answer</h2>
    <div class="verdict ${results.verdict}">
      <p><strong>${label}</strong>${answerSentence(results)}.</p>
    </div>
    ${
      advice.length === 0
        ? null
        : html`<ul>
            ${advice.map((sentence) => html`<li>${sentence}</li> `)}
          </ul>`
    }
  </section> `;
}

function searchSection({ preStop }: PreStopResults): Markup {
  return html`<section aria-labelledby="search">
    <h2 id="search">The search</h2>
    <p>
      A sleep passes when the whole 95% interval of its loss is at or below ${limitText(preStop)}. A coarse grid of
      sleeps comes first, then the seconds between the longest that is too short and the shortest that passes are halved
      until they are neighbours. Sleeps in doubt get more replications, and so does the answer, which must pass with
      these as well: with a probability of at most ${percentAsWritten(preStop.unsafeProbability)} its expected loss is
      above the limit after all. Losses so rare that no replication has seen one are not in it.
    </p>
    <p>
      Only the clients of ${preStop.service} are simulated. Loss: ${METRICS.requests_lost_ratio.estimand}
      ${METRICS.requests_lost_total.estimand} They are counted from the first action of the workload to the end of the
      run, so that a longer run has more requests to lose a share of. Where the terminationGracePeriodSeconds of the
      scenario are too short for a sleep, it was tried with a longer one.
    </p>
  </section> `;
}
