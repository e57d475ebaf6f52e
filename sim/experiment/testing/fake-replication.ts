/**
 * Stand-ins for tests of everything around the model: a replication function whose numbers are known without simulating,
 * and scenarios and experiments for it. Built like the rest, because the tests of the thread executor need it in a worker.
 */

import type { ReplicationPolicy, Scenario } from '../../model/scenario.js';
import type { Experiment, Objective, Variant } from '../../scenario/experiment.js';
import { Histogram } from '../../stats/histogram.js';
import type { ReplicationMeasurements } from '../results.js';

/** What a fake replication does is written in the scenario's description. */
export type FakeBehaviour =
  /** Measures `values[replication]` seconds, once per sample. */
  | { readonly kind: 'values'; readonly values: readonly number[] }
  | { readonly kind: 'no samples' }
  | { readonly kind: 'throws at'; readonly replication: number }
  /** Takes the thread that it is in with it. */
  | { readonly kind: 'crashes' }
  /** Works until it is killed, reporting progress. */
  | { readonly kind: 'never ends' };

export function fakeReplication(
  scenario: Scenario,
  replication: number,
  onProgress?: (fraction: number, events: number) => void,
): ReplicationMeasurements {
  const behaviour = JSON.parse(scenario.description) as FakeBehaviour;
  const latencies = new Histogram();
  onProgress?.(0.5, 50);
  switch (behaviour.kind) {
    case 'values':
      latencies.record(behaviour.values[replication % behaviour.values.length] ?? 0);
      break;
    case 'no samples':
      break;
    case 'throws at':
      if (replication >= behaviour.replication) throw new RangeError(`no luck in replication ${replication}`);
      break;
    case 'crashes':
      process.exit(1);
    case 'never ends': {
      // As seldom as a replication: signs without a pause would fill the memory of whoever is slow to read them.
      const nobody = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
      for (let events = 1; ; events++) {
        onProgress?.(0.5, events);
        Atomics.wait(nobody, 0, 0, 1);
      }
    }
  }
  return {
    replication,
    distributions: { network_programming_true_seconds: latencies.toSparse() },
    scalars: { endpoint_writes_total: 10 + replication },
    series: {
      watch_bytes_per_second: { binWidthNs: 1e9, values: [100, 0, 300] },
      watch_events_per_second: { binWidthNs: 1e9, values: [10, 0, 10] },
    },
    simulatedNs: 3e9,
    events: 100,
    deliveries: 1000,
    fingerprint: `${scenario.name}/${scenario.seed}/${replication}`,
    warnings: [],
  };
}

export function fakeScenario(behaviour: FakeBehaviour, replications: Partial<ReplicationPolicy> = {}): Scenario {
  // The fake reads only these fields; the rest of a scenario would be noise in every test.
  const used: Partial<Scenario> = {
    name: 'fake',
    description: JSON.stringify(behaviour),
    kubernetes: '1.33',
    seed: 7,
    workload: [],
    replications: { min: 3, max: 3, precision: null, ...replications },
  };
  return { ...used, cluster: { nodes: 10 }, kubeProxy: { mode: 'iptables' } } as Scenario;
}

export function fakeVariant(
  name: string,
  behaviour: FakeBehaviour,
  replications?: Partial<ReplicationPolicy>,
): Variant {
  return { name, set: {}, scenario: fakeScenario(behaviour, replications) };
}

export function fakeExperiment(variants: readonly Variant[], objectives: readonly Objective[] = []): Experiment {
  return {
    file: 'fake.yaml',
    name: 'fake',
    description: '',
    question: null,
    variants,
    objectives,
    expectations: [],
  };
}

export const FAKE_OBJECTIVE: Objective = {
  metric: 'network_programming_true_seconds',
  statistic: 'mean',
  max: 30,
  maxText: '30s',
};
