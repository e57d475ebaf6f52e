/**
 * Fixed rules of what looks after nodes and the pods on them: kubelet, scheduler, node life cycle controller, taint eviction.
 * Constants in their source code that no flag changes, with the few costs that belong to them.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date: '1.36', range: null });

export const KUBELET_RULES = {
  /** A container that has started is noticed at the next relist. */
  plegRelistPeriod: inSource(1, 's', 'pkg/kubelet/kubelet.go: genericPlegRelistPeriod'),
  /** Differences between the statuses of the API and of the kubelet that no change has announced are found by this tick. */
  statusReconcilePeriod: inSource(10, 's', 'pkg/kubelet/status/status_manager.go: syncPeriod'),
  /** A lease is renewed four times in its duration. */
  leaseRenewalFraction: inSource(0.25, '1', 'pkg/kubelet/kubelet.go: nodeLeaseRenewIntervalFraction'),
  /** SIGTERM is given this long even when the preStop hook has used up the grace period. */
  minShutdown: constant({
    value: 2,
    unit: 's',
    evidence: 'documentation',
    source: 'Kubernetes documentation, Pod Lifecycle, Termination of Pods: a one-off extension of 2 s',
    date: '1.36',
    range: null,
  }),
} as const;

export const KUBELET_COSTS = {
  /** A readiness probe that succeeds. */
  probe: constant({
    value: 5e-3,
    unit: 's',
    evidence: 'assumption',
    source: 'One HTTP request to a container on the same node that has nothing else to do',
    date: '2026-07',
    range: [1e-3, 0.1],
  }),
} as const;

export const SCHEDULER_COSTS = {
  /** One pod in the single scheduling loop; its binding is sent beside it. */
  schedulingAttempt: constant({
    value: 1 / 270,
    unit: 's',
    evidence: 'derived',
    source:
      'test/integration/scheduler_perf, SchedulingBasic on 5,000 nodes: the threshold of 270 pods/s, which real runs exceed',
    date: '1.36',
    range: [1e-3, 1 / 85],
  }),
} as const;

export const NODE_LIFECYCLE_RULES = {
  /** Nodes that are looked at side by side. */
  workers: inSource(8, '1', 'pkg/controller/nodelifecycle: UpdateWorkerSize'),
  /** How often the taint queues of the zones are looked at. */
  taintPollPeriod: inSource(0.1, 's', 'pkg/controller/nodelifecycle/scheduler: NodeEvictionPeriod'),
  /** Fewer nodes that are not ready than this make no partial disruption. */
  minDisruptedNodes: inSource(3, '1', 'pkg/controller/nodelifecycle, ComputeZoneState: more than two'),
} as const;

export const TAINT_EVICTION_RULES = {
  workers: inSource(8, '1', 'pkg/controller/tainteviction: UpdateWorkerSize'),
  /** What admission (DefaultTolerationSeconds) lets every pod tolerate of an unreachable node. */
  tolerationSeconds: inSource(300, 's', 'plugin/pkg/admission/defaulttolerationseconds'),
} as const;
