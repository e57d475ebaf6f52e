/**
 * Fixed rules of the controllers that make and remove pods: constants in their source code that no flag changes.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string, date: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date, range: null });

export const REPLICA_SET_RULES = {
  /** Pods that one sync creates or deletes. */
  burstReplicas: inSource(500, '1', 'pkg/controller/replicaset/replica_set.go: BurstReplicas', '1.36'),
  /** Requests in the first batch of a sync; each further batch is twice as large. */
  slowStartInitialBatch: inSource(1, '1', 'pkg/controller/controller_utils.go: SlowStartInitialBatchSize', '1.36'),
  /** A pod that waits for minReadySeconds is looked at again this long after them. */
  minReadySlack: inSource(
    1,
    's',
    'pkg/controller/replicaset, pkg/controller/statefulset: enqueued after minReadySeconds and a second, for skewed clocks',
    '1.36',
  ),
} as const;

export const DEPLOYMENT_RULES = {
  /** spec.revisionHistoryLimit, which nobody sets: how many empty ReplicaSets of old revisions are kept. */
  revisionHistoryLimit: inSource(10, '1', 'Deployment API: revisionHistoryLimit', 'apps/v1'),
} as const;

/** What the work queues of these controllers do with a key whose sync failed. */
export const WORKLOAD_RETRY_RULES = {
  base: inSource(5e-3, 's', 'client-go DefaultControllerRateLimiter: 5 ms, doubling', '1.36'),
  max: inSource(1000, 's', 'client-go DefaultControllerRateLimiter: at most 1000 s', '1.36'),
  /** The bucket that all failing keys of a queue share. */
  qps: inSource(10, '1/s', 'client-go util/workqueue/default_rate_limiters.go', '1.36'),
  burst: inSource(100, '1', 'client-go util/workqueue/default_rate_limiters.go', '1.36'),
} as const;

/** The spam filter of events, in every client that records any. */
export const EVENT_RULES = {
  burst: inSource(
    25,
    '1',
    'client-go tools/record/events_cache.go: defaultSpamBurst, for each source and object',
    '1.36',
  ),
  qps: inSource(1 / 300, '1/s', 'client-go tools/record/events_cache.go: defaultSpamQPS, one in 5 minutes', '1.36'),
} as const;
