import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TriggerTimeTracker } from './trigger-time-tracker.js';

interface Case {
  readonly test: string;
  readonly syncs: readonly { readonly created: number; readonly transitions: Readonly<Record<string, number>> }[];
  readonly expected: readonly (number | null)[];
}
const { cases } = JSON.parse(readFileSync(new URL('trigger-time-tracker.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const transitions = (times: Readonly<Record<string, number>>): Map<number, number> =>
  new Map(Object.entries(times).map(([pod, time]) => [Number(pod.replace('pod', '')), time]));

describe('trigger times of a sequence of syncs', () => {
  it.each(cases)('$test', ({ syncs, expected }) => {
    const tracker = new TriggerTimeTracker();
    expect(syncs.map((sync) => tracker.triggerNs(7, sync.created, transitions(sync.transitions)))).toEqual(expected);
  });

  it.each([
    // The first sync of each has pods 1 and 2, ready since 1 and 2.
    { name: 'two pods changed: the earlier', next: { pod1: 5, pod2: 4 }, expected: 4 },
    { name: 'a pod flapped twice: its last transition only', next: { pod1: 5, pod2: 2 }, expected: 5 },
    { name: 'a pod is new, another one gone', next: { pod2: 2, pod3: 3 }, expected: 3 },
    {
      name: 'a transition that is older than the known one does not count',
      next: { pod1: 0, pod2: 2 },
      expected: null,
    },
    { name: 'all pods gone', next: {}, expected: null },
  ])('$name', ({ next, expected }) => {
    const tracker = new TriggerTimeTracker();
    tracker.triggerNs(7, 0, transitions({ pod1: 1, pod2: 2 }));
    expect(tracker.triggerNs(7, 0, transitions(next))).toBe(expected);
  });

  it('reports the creation of a service that was created again, and forgets one that was deleted', () => {
    const tracker = new TriggerTimeTracker();
    tracker.triggerNs(7, 0, transitions({ pod1: 5 }));
    expect(tracker.triggerNs(7, 3, transitions({ pod1: 5 }))).toBe(3);
    tracker.serviceDeleted(7);
    expect(tracker.triggerNs(7, 3, transitions({ pod1: 9 }))).toBe(3);
    expect(tracker.triggerNs(8, 1, transitions({ pod1: 9 }))).toBe(1);
  });
});
