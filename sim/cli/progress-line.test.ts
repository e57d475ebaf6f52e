import { describe, expect, it } from 'vitest';

import { progressLine, progressText } from './progress-line.js';

const progress = {
  replicationsDone: 3,
  replicationsPlanned: 10,
  workDone: 4,
  events: 2_500_000,
  deliveries: 840_000_000,
};

function fakeTerminal(isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } {
  let written = '';
  const stream = { isTTY, columns: 80, write: (text: string) => (written += text) } as unknown;
  return { stream: stream as NodeJS.WriteStream, written: () => written };
}

describe('the progress text', () => {
  it('shows replications, rates and the time left', () => {
    expect(progressText(progress, 10, 100)).toBe('3/10 replications · 250 k events/s · 84 M deliveries/s · 15 s left');
  });

  it('says minutes and hours when it takes long', () => {
    expect(progressText(progress, 100, 100)).toContain('2 min 30 s left');
    expect(progressText(progress, 10_000, 100)).toContain('4 h 10 min left');
  });

  it.each([
    [70, '3/10 replications · 250 k events/s · 84 M deliveries/s · 15 s left'],
    [50, '3/10 replications · 250 k events/s · 15 s left'],
    [30, '3/10 replications · 15 s left'],
    [20, '3/10 replications'],
    [10, '3/10 repli'],
  ])('fits into %d columns', (columns, expected) => {
    expect(progressText(progress, 10, columns)).toBe(expected);
  });

  it('claims nothing before anything is known', () => {
    const start = { ...progress, replicationsDone: 0, workDone: 0, events: 0, deliveries: 0 };
    expect(progressText(start, 10, 100)).toBe('0/10 replications');
  });
});

describe('the progress line', () => {
  it('draws over itself on a terminal and is erased at the end', () => {
    const { stream, written } = fakeTerminal(true);
    const line = progressLine(stream, false);
    line.update(progress);
    line.clear();
    const erase = '\r\u001b[2K';
    expect(written().startsWith(`${erase}3/10 replications`)).toBe(true);
    expect(written().endsWith(erase)).toBe(true);
  });

  it.each([
    ['on a pipe', false, false],
    ['when quiet', true, true],
  ])('writes nothing %s', (_when, isTTY, quiet) => {
    const { stream, written } = fakeTerminal(isTTY);
    const line = progressLine(stream, quiet);
    line.update(progress);
    line.clear();
    expect(written()).toBe('');
  });
});
