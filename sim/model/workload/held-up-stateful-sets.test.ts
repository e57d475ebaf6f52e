import { describe, expect, test } from 'vitest';

import { PodState } from '../cluster/pods.js';
import { ServiceTable } from '../cluster/services.js';
import { PLAIN_SERVICE } from '../controlplane/testing/discoveries.js';
import { heldUpServices, heldUpWarnings, type StatefulSetsAndPods } from './held-up-stateful-sets.js';
import type { PodManagementPolicy } from './stateful-set-rules.js';

interface Case {
  readonly policy?: PodManagementPolicy;
  readonly replicas: number;
  /** By ordinal: r is ready, n is not, a blank is no pod. */
  readonly pods: string;
}

/** One service, its pods by ordinal; pods that do not exist have numbers as well. */
function worldOf({ policy = 'OrderedReady', replicas, pods }: Case, isStatefulSet = true): StatefulSetsAndPods {
  const condition = Uint8Array.from(pods, (pod) => PodState.hasAddress | (pod === 'r' ? PodState.ready : 0));
  const live = Array.from(pods).flatMap((pod, ordinal) => (pod === ' ' ? [] : [ordinal]));
  return {
    services: new ServiceTable([{ ...PLAIN_SERVICE, name: 'db', count: 1, endpoints: replicas }]),
    pods: { condition },
    // In no order.
    replicaSets: { replicas: () => live.toReversed(), desired: () => replicas },
    statefulSets: { owns: () => isStatefulSet, policyOf: () => policy },
    ordinalOf: (pod) => pod,
  };
}

const warningsOf = (world: StatefulSetsAndPods, onLostNodes: readonly number[] = []): string[] =>
  heldUpWarnings(heldUpServices(world, new Set(onLostNodes), true), world);

const UNREADY = 'when the run ended: with OrderedReady, a pod that is not ready holds them up.';
const LOST = 'when the run ended: a pod on a lost node is not replaced before the node is back.';

describe('a pod that is not ready', () => {
  test.each<Case & { readonly what: string }>([
    { replicas: 3, pods: 'nr', what: '1 of 3 replicas of the StatefulSets of "db" were missing' },
    { replicas: 3, pods: 'rn', what: '1 of 3 replicas of the StatefulSets of "db" were missing' },
    { replicas: 5, pods: 'n r', what: '3 of 5 replicas of the StatefulSets of "db" were missing' },
    { replicas: 1, pods: 'nrr', what: '2 pods of the StatefulSets of "db" were still to be removed' },
    // Condemned pods: the lowest that is not ready is the only one that may go so.
    { replicas: 1, pods: 'rnn', what: '2 pods of the StatefulSets of "db" were still to be removed' },
  ])('holds up "$pods" of $replicas', (held) => {
    expect(warningsOf(worldOf(held))).toEqual([`${held.what} ${UNREADY}`]);
  });

  test.each<Case & { readonly because: string }>([
    { replicas: 3, pods: 'rr', because: 'nothing keeps the next one from being made' },
    { replicas: 3, pods: ' nr', because: 'the missing one comes first' },
    { replicas: 3, pods: 'r n', because: 'the missing one comes first' },
    { replicas: 1, pods: 'rrr', because: 'nothing keeps the last one from being removed' },
    { replicas: 1, pods: 'rrn', because: 'the last one may go as it is' },
    { replicas: 3, pods: 'nn', policy: 'Parallel', because: 'Parallel waits for nobody' },
    { replicas: 1, pods: 'nnn', policy: 'Parallel', because: 'Parallel waits for nobody' },
    { replicas: 3, pods: 'nrr', because: 'nothing is missing' },
    { replicas: 0, pods: '', because: 'nothing is missing' },
  ])('does not hold up "$pods" of $replicas ($policy): $because', (free) => {
    expect(heldUpServices(worldOf(free), new Set(), true).size).toBe(0);
  });

  test('may still get ready as long as anything can happen', () => {
    expect(heldUpServices(worldOf({ replicas: 3, pods: 'n' }), new Set(), false).size).toBe(0);
  });

  test('holds no Deployment up', () => {
    expect(heldUpServices(worldOf({ replicas: 3, pods: 'n' }, false), new Set([0]), true).size).toBe(0);
  });
});

test('a lost node is the reason that is given, quiet or not', () => {
  const world = worldOf({ replicas: 3, pods: 'n' });
  expect(warningsOf(world, [0])).toEqual([`2 of 3 replicas of the StatefulSets of "db" were missing ${LOST}`]);
  expect([...heldUpServices(world, new Set([0]), false)]).toEqual([[0, 'lostNode']]);
  expect(warningsOf(worldOf({ replicas: 2, pods: 'rr' }), [0])).toEqual([]);
  expect(warningsOf(worldOf({ replicas: 1, pods: 'nr' }), [0])).toEqual([
    '1 pods of the StatefulSets of "db" were still to be removed when the run ended: a pod on a lost node is not gone, nor ready, before the node is back.',
  ]);
});
