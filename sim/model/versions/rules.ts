/**
 * Fixed rules of the components: constants in their source code that no flag changes.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string, date: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date, range: null });

export const ENDPOINT_CONTROLLER_RULES = {
  maxRetries: inSource(15, '1', 'pkg/controller/endpoint, pkg/controller/endpointslice: maxRetries', '1.36'),
  /** The limiter that all failing keys share, beside the exponential back-off of each. */
  retryQps: inSource(10, '1/s', 'client-go util/workqueue/default_rate_limiters.go', '1.36'),
  retryBurst: inSource(100, '1', 'client-go util/workqueue/default_rate_limiters.go', '1.36'),
  endpoints: {
    retryBase: inSource(5e-3, 's', 'client-go DefaultControllerRateLimiter: 5 ms, doubling', '1.36'),
    retryMax: inSource(1000, 's', 'client-go DefaultControllerRateLimiter: at most 1000 s', '1.36'),
  },
  endpointSlice: {
    retryBase: inSource(1, 's', 'endpointslice_controller.go: defaultSyncBackOff', '1.36'),
    retryMax: inSource(1000, 's', 'endpointslice_controller.go: maxSyncBackOff', '1.36'),
  },
  endpointSliceMirroring: {
    retryBase: inSource(1, 's', 'pkg/controller/endpointslicemirroring: defaultSyncBackOff', '1.36'),
    retryMax: inSource(100, 's', 'pkg/controller/endpointslicemirroring: maxSyncBackOff', '1.36'),
  },
} as const;

export const ENDPOINT_SLICE_RULES = {
  /** By how much a zone's endpoints may carry more than their share before hints are refused. */
  hintOverloadThreshold: inSource(0.2, '1', 'k8s.io/endpointslice/topologycache: overloadThreshold', '1.36'),
} as const;

export const WIRE_RULES = {
  /** Of a port of a service that has several, and so must name them. */
  portNameLength: constant({
    value: 7,
    unit: 'B',
    evidence: 'assumption',
    source: 'Length of a port name such as "metrics" or "grpc-tls"; the API allows 15',
    date: '2026-11',
    range: [1, 15],
  }),
} as const;

export const KUBE_PROXY_RULES = {
  /** A sync writes everything when the last that did is this long ago; the runner's own timer has the same length. */
  fullSyncInterval: inSource(3600, 's', 'pkg/proxy/util: FullSyncPeriod', '1.33'),
  /** Syncs that may follow each other at once in the runner up to 1.33. */
  burstSyncs: inSource(2, '1', 'pkg/proxy/iptables/proxier.go: burstSyncs', '1.33'),
} as const;

export const LEADER_ELECTION_RULES = {
  /** A follower's pause between polls is the retry period x U[1, 1 + this). */
  retryJitterFactor: inSource(1.2, '1', 'client-go tools/leaderelection/leaderelection.go: JitterFactor', '1.36'),
} as const;

export const REFLECTOR_RULES = {
  backoffBase: inSource(0.8, 's', 'client-go tools/cache/reflector.go: defaultBackoffInit', '1.36'),
  backoffMax: inSource(30, 's', 'client-go tools/cache/reflector.go: defaultBackoffMax', '1.36'),
  backoffReset: inSource(120, 's', 'client-go tools/cache/reflector.go: defaultBackoffReset', '1.36'),
  backoffJitterFactor: inSource(1, '1', 'client-go tools/cache/reflector.go: defaultBackoffJitter', '1.36'),
  minWatchTimeout: inSource(300, 's', 'client-go tools/cache/reflector.go: defaultMinWatchTimeout; x U[1, 2)', '1.36'),
} as const;

/** Limits of a client that sets none, such as a simple operator. */
export const CLIENT_DEFAULTS = {
  kubeApiQps: inSource(5, '1/s', 'client-go rest.Config: DefaultQPS', '1.36'),
  kubeApiBurst: inSource(10, '1', 'client-go rest.Config: DefaultBurst', '1.36'),
} as const;

const HPA_BEHAVIOR = 'HorizontalPodAutoscaler API, default scaling behavior';
const HPA_CONTROLLER = 'pkg/controller/podautoscaler/horizontal.go';

export const HORIZONTAL_POD_AUTOSCALER_RULES = {
  /** Of a direction that spec.behavior leaves open. */
  scaleUpPods: inSource(4, '1', `${HPA_BEHAVIOR}: 4 pods in 15 s`, 'autoscaling/v2'),
  scaleUpPercent: inSource(100, '%', `${HPA_BEHAVIOR}: 100 % in 15 s`, 'autoscaling/v2'),
  scaleDownPercent: inSource(100, '%', `${HPA_BEHAVIOR}: 100 % in 15 s`, 'autoscaling/v2'),
  policyPeriod: inSource(15, 's', `${HPA_BEHAVIOR}: periodSeconds`, 'autoscaling/v2'),
  scaleUpStabilization: inSource(0, 's', `${HPA_BEHAVIOR}: no window on the way up`, 'autoscaling/v2'),
  /** Of an autoscaler without spec.behavior. */
  scaleUpFactor: inSource(2, '1', `${HPA_CONTROLLER}: scaleUpLimitFactor`, '1.36'),
  scaleUpMinimum: inSource(4, '1', `${HPA_CONTROLLER}: scaleUpLimitMinimum`, '1.36'),
} as const;
