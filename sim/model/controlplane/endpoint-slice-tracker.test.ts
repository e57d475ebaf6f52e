import { describe, expect, it } from 'vitest';
import { EndpointSliceTracker, type TrackedSlice } from './endpoint-slice-tracker.js';

/** A service is known by its namespace and name upstream, so another namespace is another service. */
const original: TrackedSlice = { service: 1, uid: 10, generation: 1 };
const ofOtherService: TrackedSlice = { service: 2, uid: 11, generation: 1 };
const otherSlice: TrackedSlice = { service: 1, uid: 12, generation: 1 };
const newer: TrackedSlice = { ...original, generation: 2 };

describe('TestEndpointSliceTrackerStaleSlices (Kubernetes staging/src/k8s.io/endpointslice/util/endpointslice_tracker_test.go)', () => {
  it.each([
    { name: 'empty slices', written: [], shown: [], stale: false },
    { name: 'nothing tracked', written: [], shown: [original], stale: false },
    { name: 'matching slices', written: [original], shown: [original], stale: false },
    { name: 'newer slice in params', written: [original], shown: [newer], stale: false },
    { name: 'older slice in params', written: [newer], shown: [original], stale: true },
    { name: 'slice in params but not in tracker', written: [original], shown: [original, otherSlice], stale: false },
    { name: 'slice in tracker but not in params', written: [original], shown: [], stale: true },
    { name: 'deleted and gone', written: [original], deleted: [original], shown: [], stale: false },
    { name: 'deleted and still shown', written: [original], deleted: [original], shown: [original], stale: true },
  ])('$name', ({ written, deleted = [], shown, stale }) => {
    const tracker = new EndpointSliceTracker();
    for (const slice of written) tracker.written(slice);
    for (const slice of deleted) tracker.expectDeletion(slice);
    expect(tracker.isStale(1, shown)).toBe(stale);
    expect(tracker.isStale(2, shown)).toBe(false);
  });
});

describe('TestEndpointSliceTrackerUpdate (same file)', () => {
  it.each([
    { name: 'same slice', slice: original, has: true, shouldSync: false },
    { name: 'different service or namespace', slice: ofOtherService, has: false, shouldSync: true },
    { name: 'different slice', slice: otherSlice, has: false, shouldSync: true },
    { name: 'newer generation', slice: newer, has: true, shouldSync: true },
  ])('$name', ({ slice, has, shouldSync }) => {
    const tracker = new EndpointSliceTracker();
    tracker.written(original);
    expect([tracker.has(slice), tracker.shouldSync(slice)]).toEqual([has, shouldSync]);
  });
});

describe('TestEndpointSliceTrackerDeletion (same file)', () => {
  it.each([
    { name: 'same slice', expectedToGo: original, checked: original, originalWasExpected: true },
    { name: 'different namespace', expectedToGo: ofOtherService, checked: ofOtherService, originalWasExpected: false },
    { name: 'different service', expectedToGo: ofOtherService, checked: ofOtherService, originalWasExpected: false },
    { name: 'different generation', expectedToGo: newer, checked: newer, originalWasExpected: true },
    {
      name: 'different generation, the original checked',
      expectedToGo: newer,
      checked: original,
      originalWasExpected: true,
    },
  ])('$name', ({ expectedToGo, checked, originalWasExpected }) => {
    const tracker = new EndpointSliceTracker();
    tracker.written(original);
    tracker.expectDeletion(expectedToGo);
    expect([tracker.has(checked), tracker.shouldSync(checked)]).toEqual([true, true]);
    expect(tracker.deleted(original)).toBe(originalWasExpected);
    expect(tracker.has(original)).toBe(false);
  });

  it('a deletion is unexpected where the service has slices and not this one, and no news where it has none', () => {
    const tracker = new EndpointSliceTracker();
    expect(tracker.deleted(original)).toBe(true);
    tracker.written(otherSlice);
    expect(tracker.deleted(original)).toBe(false);
    tracker.serviceDeleted(1);
    expect(tracker.deleted(otherSlice)).toBe(true);
  });
});
