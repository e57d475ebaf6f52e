/** One line on a terminal that says how far the run is; nothing at all where standard error is not a terminal. */

import type { RunProgress } from '../experiment/run-progress.js';
import { columnsOf } from './output.js';

const REDRAW_INTERVAL_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

export interface ProgressLine {
  update(progress: RunProgress): void;
  clear(): void;
}

export function progressLine(stream: NodeJS.WriteStream, quiet: boolean): ProgressLine {
  if (quiet || !stream.isTTY) return { update: () => undefined, clear: () => undefined };
  const startedMs = performance.now();
  let drawnMs = -Infinity;
  return {
    update(progress) {
      const nowMs = performance.now();
      if (nowMs - drawnMs < REDRAW_INTERVAL_MS) return;
      drawnMs = nowMs;
      // The last column stays free: some terminals wrap when it is written, and a wrapped line cannot be erased.
      const text = progressText(progress, (nowMs - startedMs) / 1000, columnsOf(stream) - 1);
      stream.write(ERASE_LINE + text);
    },
    clear() {
      if (drawnMs > -Infinity) stream.write(ERASE_LINE);
    },
  };
}

/** The line's text, at most `columns` wide: what matters least goes first when it is narrow. */
export function progressText(progress: RunProgress, elapsedSeconds: number, columns: number): string {
  const { replicationsDone, replicationsPlanned, workDone, events, deliveries } = progress;
  const counter = `${replicationsDone}/${replicationsPlanned} replications`;
  const left = timeLeft(workDone, replicationsPlanned, elapsedSeconds);
  const eventRate = rate(events, elapsedSeconds, 'events/s');
  const deliveryRate = rate(deliveries, elapsedSeconds, 'deliveries/s');
  const choices = [
    [counter, eventRate, deliveryRate, left],
    [counter, eventRate, left],
    [counter, left],
    [counter],
  ].map((fields) => fields.filter((field) => field !== '').join(' · '));
  return choices.find((text) => text.length <= columns) ?? counter.slice(0, Math.max(0, columns));
}

/** Empty while nothing is counted: a 0 would say that nothing happens. */
function rate(count: number, elapsedSeconds: number, unit: string): string {
  return count > 0 ? `${shortCount(count / elapsedSeconds)} ${unit}` : '';
}

/** Empty while there is nothing to extrapolate from. */
function timeLeft(workDone: number, planned: number, elapsedSeconds: number): string {
  if (workDone <= 0) return '';
  const seconds = Math.ceil((elapsedSeconds * (planned - workDone)) / workDone);
  if (seconds < 60) return `${seconds} s left`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min left`;
}

/** 1234567 as "1.2 M". */
function shortCount(count: number): string {
  for (const [factor, suffix] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const) {
    const scaled = count / factor;
    if (scaled >= 1) return scaled.toFixed(scaled < 10 ? 1 : 0) + suffix;
  }
  return String(Math.round(count));
}
