/** Opens a report in a real browser as its readers do, and writes down what they would trip over. */

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

import { contrast, parseColor } from '../testing/contrast.js';

export interface ReportFindings {
  /** Errors and warnings on the browser's console, and errors that nobody caught. */
  readonly complaints: readonly string[];
  /** What the page asked for besides its own file. */
  readonly requests: readonly string[];
  readonly charts: readonly ChartFinding[];
  /** How much wider than a phone of 360 pixels the page is. */
  readonly overflowPx: number;
  /** The least contrast of an axis label to the page's ground. */
  readonly leastLabelContrast: { readonly light: number; readonly dark: number };
  /** Pictures that are there with JavaScript off. */
  readonly picturesWithoutScript: number;
}

export interface ChartFinding {
  readonly id: string;
  readonly isLive: boolean;
  /** Bars, lines and points that have an extent. */
  readonly marks: number;
}

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A browser of this machine; `CHROMIUM_PATH` goes first. Null when there is none: the project does not download one. */
export function findChromium(): string | null {
  const wanted = process.env['CHROMIUM_PATH'];
  // A path that was given and is wrong must not pass for a machine without a browser.
  if (wanted !== undefined && wanted !== '') return wanted;
  return CANDIDATES.find((path) => existsSync(path)) ?? null;
}

/**
 * Whether the tests in a browser can run here. Says so when not, and where KUBE_HEADROOM_BROWSER is "required", as in CI,
 * throws: there a test that is skipped would pass for one that was run.
 */
export function canOpenReports(): boolean {
  if (findChromium() !== null) return true;
  if (process.env['KUBE_HEADROOM_BROWSER'] === 'required') throw new Error('no Chromium on this machine');
  console.log('SKIPPED: no Chromium on this machine; set CHROMIUM_PATH to test reports in a browser');
  return false;
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const WIDE = { width: 1100, height: 800 };
const PHONE = { width: 360, height: 740 };

/** `liveWithinMs`: how long a chart may take to be drawn after it came into view. */
export async function openReport(path: string, liveWithinMs = 20_000): Promise<ReportFindings> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium on this machine: set CHROMIUM_PATH');
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const visitor = new Visitor(browser, pathToFileURL(path).href);
    const light = await visitor.visit({ viewport: WIDE }, async (page) => ({
      charts: await readCharts(page, liveWithinMs),
      contrast: await leastLabelContrast(page),
    }));
    const dark = await visitor.visit({ viewport: WIDE, colorScheme: 'dark' }, async (page) => {
      await readCharts(page, liveWithinMs);
      return leastLabelContrast(page);
    });
    const overflowPx = await visitor.visit({ viewport: PHONE }, async (page) => {
      await readCharts(page, liveWithinMs);
      return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    });
    const picturesWithoutScript = await visitor.visit({ viewport: WIDE, javaScriptEnabled: false }, (page) =>
      page.locator('.picture svg:visible').count(),
    );
    return {
      complaints: visitor.complaints,
      requests: visitor.requests,
      charts: light.charts,
      overflowPx,
      leastLabelContrast: { light: light.contrast, dark },
      picturesWithoutScript,
    };
  } finally {
    await browser.close();
  }
}

/** Opens the page under several conditions, and collects over all of them what must never be. */
class Visitor {
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  readonly #browser: Browser;
  readonly #url: string;

  constructor(browser: Browser, url: string) {
    this.#browser = browser;
    this.#url = url;
  }

  async visit<Finding>(options: BrowserContextOptions, look: (page: Page) => Promise<Finding>): Promise<Finding> {
    const context = await this.#browser.newContext(options);
    try {
      const page = await context.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
      });
      page.on('pageerror', (error) => this.complaints.push(error.message));
      page.on('request', (request) => {
        if (request.url() !== this.#url) this.requests.push(request.url());
      });
      await page.goto(this.#url);
      return await look(page);
    } finally {
      await context.close();
    }
  }
}

/** Scrolls to every chart, as charts are drawn when they come into view. */
async function readCharts(page: Page, liveWithinMs: number): Promise<ChartFinding[]> {
  const findings: ChartFinding[] = [];
  for (const place of await page.locator('[data-chart]').all()) {
    const id = (await place.getAttribute('data-chart')) ?? '';
    await place.scrollIntoViewIfNeeded();
    const live = page.locator(`[data-chart="${id}"][data-live]`);
    const isLive = await live.waitFor({ timeout: liveWithinMs }).then(
      () => true,
      () => false,
    );
    findings.push({ id, isLive, marks: await live.locator('.role-mark path, .role-mark line').count() });
  }
  return findings;
}

async function leastLabelContrast(page: Page): Promise<number> {
  // Text, since the project is compiled without the types of a browser.
  const { labels, ground } = await page.evaluate<{ labels: string[]; ground: string }>(`({
    labels: [...document.querySelectorAll('.role-axis-label text')].map((label) => getComputedStyle(label).fill),
    ground: getComputedStyle(document.body).backgroundColor,
  })`);
  return Math.min(...labels.map((label) => contrast(parseColor(label), parseColor(ground))));
}
