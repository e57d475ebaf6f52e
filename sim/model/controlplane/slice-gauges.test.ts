import { describe, expect, it } from 'vitest';
import { SliceGauges } from './slice-gauges.js';

describe('what the tests of the metrics cache fix (Kubernetes staging/src/k8s.io/endpointslice/metrics/cache_test.go)', () => {
  it('TestPlaceHolderSlice: a service without endpoints needs one slice, however many it has', () => {
    const gauges = new SliceGauges(100);
    gauges.reconciled(1, [
      { endpoints: 0, slices: 1 },
      { endpoints: 0, slices: 1 },
    ]);
    expect(gauges.values).toEqual({ endpoints: 0, actualSlices: 2, desiredSlices: 1 });
  });
});

describe('the sums over all services', () => {
  const FRAGMENTED = [
    { endpoints: 12, slices: 5 },
    { endpoints: 18, slices: 8 },
  ];
  const PACKED = [
    { endpoints: 45, slices: 1 },
    { endpoints: 35, slices: 1 },
  ];

  it('replace what a service had, and lose it when the service goes', () => {
    const gauges = new SliceGauges(100);
    gauges.reconciled(1, FRAGMENTED);
    expect(gauges.values).toEqual({ endpoints: 30, actualSlices: 13, desiredSlices: 2 });
    gauges.reconciled(2, PACKED);
    expect(gauges.values).toEqual({ endpoints: 110, actualSlices: 15, desiredSlices: 4 });
    gauges.reconciled(1, PACKED);
    expect(gauges.values).toEqual({ endpoints: 160, actualSlices: 4, desiredSlices: 4 });
    gauges.serviceDeleted(1);
    gauges.serviceDeleted(3);
    expect(gauges.values).toEqual({ endpoints: 80, actualSlices: 2, desiredSlices: 2 });
  });

  it('count each port map by itself: 250 endpoints in slices of 100 need three', () => {
    const gauges = new SliceGauges(100);
    gauges.reconciled(1, [{ endpoints: 250, slices: 4 }]);
    expect(gauges.values.desiredSlices).toBe(3);
    gauges.reconciled(1, [
      { endpoints: 60, slices: 1 },
      { endpoints: 60, slices: 1 },
    ]);
    expect(gauges.values.desiredSlices).toBe(2);
  });

  it('count a dual-stack service with the family that was reconciled last', () => {
    const gauges = new SliceGauges(100);
    gauges.reconciled(1, [{ endpoints: 40, slices: 1 }]);
    gauges.reconciled(1, [{ endpoints: 40, slices: 2 }]);
    expect(gauges.values).toEqual({ endpoints: 40, actualSlices: 2, desiredSlices: 1 });
  });
});
