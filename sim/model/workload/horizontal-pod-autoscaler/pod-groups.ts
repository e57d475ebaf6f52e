/**
 * Which pods' metrics the horizontal pod autoscaler believes (pkg/controller/podautoscaler/replica_calculator.go, groupPods).
 *
 *   a pod's phase, start and Ready condition, its newest metric --> counted | unready | missing | ignored
 *
 * A pod that is starting uses CPU to warm up and says nothing of the load. So in the first cpuInitializationPeriod a CPU metric
 * counts only when the pod is ready and the whole window of the metric lies after it became so; later it counts unless the
 * pod was never ready, which it is held to be when its condition last changed within initialReadinessDelay of its start.
 */

export type PodGroup =
  /** The metric counts. */
  | 'counted'
  /** Too young or not ready: taken as unused when scaling up, left out when scaling down. */
  | 'unready'
  /** No metric: filled in against the direction of scaling. */
  | 'missing'
  /** Going or failed: as if it were not there. */
  | 'ignored';

/** What the autoscaler's pod informer shows. */
export interface ObservedPod {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly isTerminating: boolean;
  /** null: the kubelet has not reported a start time. */
  readonly startNs: number | null;
  /** null: the pod has no Ready condition. */
  readonly ready: { readonly status: 'True' | 'False' | 'Unknown'; readonly transitionNs: number } | null;
}

/** When a metric was taken, and over how long before. */
export interface MetricTime {
  readonly timestampNs: number;
  readonly windowNs: number;
}

export interface PodGroupParameters {
  /** --horizontal-pod-autoscaler-cpu-initialization-period. */
  readonly cpuInitializationPeriodNs: number;
  /** --horizontal-pod-autoscaler-initial-readiness-delay. */
  readonly initialReadinessDelayNs: number;
}

/** `metric`: null when there is none. `isCpu`: the rules of starting pods are for CPU only. */
export function podGroup(
  pod: ObservedPod,
  metric: MetricTime | null,
  isCpu: boolean,
  nowNs: number,
  parameters: PodGroupParameters,
): PodGroup {
  if (pod.isTerminating || pod.phase === 'Failed') return 'ignored';
  if (pod.phase === 'Pending') return 'unready';
  if (metric === null) return 'missing';
  return isCpu && isStarting(pod, metric, nowNs, parameters) ? 'unready' : 'counted';
}

function isStarting(
  { startNs, ready }: ObservedPod,
  metric: MetricTime,
  nowNs: number,
  { cpuInitializationPeriodNs, initialReadinessDelayNs }: PodGroupParameters,
): boolean {
  if (ready === null || startNs === null) return true;
  const isNotReady = ready.status === 'False';
  if (startNs + cpuInitializationPeriodNs > nowNs) {
    return isNotReady || metric.timestampNs < ready.transitionNs + metric.windowNs;
  }
  return isNotReady && startNs + initialReadinessDelayNs > ready.transitionNs;
}
