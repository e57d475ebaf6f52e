import { describe, expect, it } from 'vitest';

import { aggregateVariant } from './aggregate.js';
import type { ReplicationMeasurements } from './results.js';
import { fakeReplication, fakeVariant } from './testing/fake-replication.js';

const variant = fakeVariant('baseline', { kind: 'values', values: [10, 20, 30] });
const measurements = [0, 1, 2].map((replication) => fakeReplication(variant.scenario, replication));

describe('aggregateVariant', () => {
  it('estimates each statistic as the mean over the replications', () => {
    const { metrics } = aggregateVariant(variant, measurements, []);
    const latency = metrics.network_programming_true_seconds;
    expect(Object.keys(latency?.estimates ?? {})).toEqual(['mean', 'p50', 'p90', 'p99', 'max']);
    // t(0.975, 2) = 4.30265, s = 10: half-width 24.84.
    expect(latency?.estimates['mean']).toMatchObject({ value: 20, replications: 3 });
    expect(latency?.estimates['mean']?.high).toBeCloseTo(44.84, 2);
    expect(metrics.endpoint_writes_total?.estimates['value']).toMatchObject({ value: 11 });
  });

  it('merges the histograms, and counts all samples', () => {
    const latency = aggregateVariant(variant, measurements, []).metrics.network_programming_true_seconds;
    expect(latency?.samples).toBe(3);
    expect(latency?.histogram).toMatchObject({ counts: [1, 1, 1], sum: 60, min: 10, max: 30 });
  });

  it('estimates over the replications that have samples, and none when none has', () => {
    const silent = fakeReplication(fakeVariant('silent', { kind: 'no samples' }).scenario, 3);
    const some = aggregateVariant(variant, [...measurements, silent], []).metrics.network_programming_true_seconds;
    expect(some?.estimates['mean']).toMatchObject({ value: 20, replications: 3 });
    const none = aggregateVariant(variant, [silent], []).metrics.network_programming_true_seconds;
    expect(none).toMatchObject({ estimates: {}, samples: 0 });
  });

  it('says when the workload acts, and on which service', () => {
    const { scenario } = variant;
    const workload = [
      { kind: 'scale', atNs: 2.5e9, service: 'web', to: 3 },
      { kind: 'failOverControllerManager', atNs: 9e9 },
    ] as const;
    expect(aggregateVariant({ ...variant, scenario: { ...scenario, workload } }, measurements, []).actions).toEqual([
      { kind: 'scale', service: 'web', atSeconds: 2.5 },
      { kind: 'failOverControllerManager', service: null, atSeconds: 9 },
    ]);
  });

  it('gives each warning once, with its replications when not all gave it', () => {
    const warned = measurements.map((measurement, index): ReplicationMeasurements => ({
      ...measurement,
      warnings: index === 1 ? ['everywhere', 'only here'] : ['everywhere'],
    }));
    expect(aggregateVariant(variant, warned, ['from the run']).warnings).toEqual([
      'everywhere',
      'only here (replication 1)',
      'from the run',
    ]);
  });
});
