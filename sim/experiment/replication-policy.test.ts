import { describe, expect, it } from 'vitest';

import type { Variant } from '../scenario/experiment.js';
import { nextRound, precisionWarnings, type ReplicatedVariant, ROUND_SIZE } from './replication-policy.js';
import {
  type FakeBehaviour,
  FAKE_OBJECTIVE,
  fakeExperiment,
  fakeReplication,
  fakeVariant,
} from './testing/fake-replication.js';

const NOISY: FakeBehaviour = { kind: 'values', values: [10, 20] };
const STEADY: FakeBehaviour = { kind: 'values', values: [10] };
const SILENT: FakeBehaviour = { kind: 'no samples' };

const replicated = (variant: Variant, count: number): ReplicatedVariant => ({
  variant,
  measurements: Array.from({ length: count }, (_, replication) => fakeReplication(variant.scenario, replication)),
});

const sequential = (behaviour: FakeBehaviour): Variant =>
  fakeVariant('baseline', behaviour, { min: 3, max: 12, precision: 0.05 });

function countsAfterRounds(variant: Variant): number[] {
  const counts: number[] = [];
  for (let count = 0; ;) {
    const [next = 0] = nextRound(fakeExperiment([variant]), [replicated(variant, count)]);
    if (next === count) return counts;
    counts.push((count = next));
  }
}

describe('replication policy', () => {
  it('runs exactly the minimum without a precision', () => {
    expect(countsAfterRounds(fakeVariant('baseline', NOISY, { min: 4, max: 40 }))).toEqual([4]);
  });

  it('goes on in rounds of a fixed size until the maximum while an estimate is too wide', () => {
    expect(countsAfterRounds(sequential(NOISY))).toEqual([3, 3 + ROUND_SIZE, 12]);
  });

  it('stops after the minimum when all estimates are narrow enough', () => {
    expect(countsAfterRounds(sequential(STEADY))).toEqual([3]);
  });

  it('goes on from a single replication, which has no interval', () => {
    const variant = fakeVariant('baseline', STEADY, { min: 1, max: 20, precision: 0.05 });
    expect(countsAfterRounds(variant)).toEqual([1, 1 + ROUND_SIZE]);
  });

  it('does not go on for a metric that no replication has sampled', () => {
    expect(countsAfterRounds(sequential(SILENT))).toEqual([3]);
  });

  it('lets all variants go on when one of them needs it, so that they stay paired', () => {
    const variants = [sequential(STEADY), sequential(NOISY)];
    const counts = nextRound(
      fakeExperiment(variants),
      variants.map((variant) => replicated(variant, 3)),
    );
    expect(counts).toEqual([3 + ROUND_SIZE, 3 + ROUND_SIZE]);
  });

  it("watches the objectives' statistics when there are any", () => {
    const variant = sequential(NOISY);
    const constant = { ...FAKE_OBJECTIVE, metric: 'endpoint_writes_rejected_total', statistic: 'value' };
    expect(nextRound(fakeExperiment([variant], [constant]), [replicated(variant, 3)])).toEqual([3]);
    expect(nextRound(fakeExperiment([variant], [FAKE_OBJECTIVE]), [replicated(variant, 3)])).toEqual([3 + ROUND_SIZE]);
  });

  it('warns of every estimate that stays wider than asked for', () => {
    const experiment = fakeExperiment([]);
    expect(precisionWarnings(experiment, replicated(sequential(STEADY), 3))).toEqual([]);
    // s = 5.222: t(0.975, 188) * s / sqrt(189) is just below 0.75, which is 5 % of 15.
    expect(precisionWarnings(experiment, replicated(sequential(NOISY), 12))).toEqual([
      'precision not met: mean of network_programming_true_seconds, asked for ±5 %, is ±22 % after 12 replications; about 189 would do: raise replications.max',
    ]);
  });
});
