/**
 * The part of the version profiles about load balancers: what each provider has by default, by externalTrafficPolicy. None of it
 * depends on the version of Kubernetes; all of it may change without one.
 *
 *   provider, policy --loadBalancerDefaults--> one Constant per field of LoadBalancerSettings
 *
 * Only health checks have been looked up, and not all of those: what nobody has looked up is called an assumption and has a range.
 */

import type { TrafficPolicy } from '../cluster/service-shape.js';
import type {
  FlowHash,
  HealthCheckSettings,
  LoadBalancerProvider,
  LoadBalancerSettings,
} from '../load-balancer-settings.js';
import { assumed, type Constant, type Sourced, upstream } from './provenance.js';

const SECOND = 1_000_000_000;
const MINUTE = 60 * SECOND;

export type LoadBalancerDefaults = Sourced<Omit<LoadBalancerSettings, 'provider' | 'metallb'>>;

/** Of a scenario that does not say. */
export const DEFAULT_PROVIDER: Constant<LoadBalancerProvider> = assumed<LoadBalancerProvider>(
  'gce',
  '',
  'The provider whose checks are all documented, and which asks kube-proxy under both policies, as KEP-1669 and KEP-3836 intend',
);

export const loadBalancerDefaults = (provider: LoadBalancerProvider, policy: TrafficPolicy): LoadBalancerDefaults =>
  PROVIDERS[provider](policy);

type HealthCheckDefaults = Sourced<HealthCheckSettings>;

/** A check whose five values have one origin. */
const check = (
  protocol: HealthCheckSettings['protocol'],
  [interval, timeout, healthy, unhealthy]: readonly [number, number, number, number],
  record: <Value>(value: Value, unit: string) => Constant<Value>,
): HealthCheckDefaults => ({
  protocol: record(protocol, ''),
  intervalNs: record(interval * SECOND, 'ns'),
  timeoutNs: record(timeout * SECOND, 'ns'),
  healthyThreshold: record(healthy, '1'),
  unhealthyThreshold: record(unhealthy, '1'),
});

const documented =
  (source: string) =>
  <Value>(value: Value, unit: string): Constant<Value> =>
    upstream(value, unit, source, '2026-07');

const unverified =
  (source: string) =>
  <Value>(value: Value, unit: string): Constant<Value> =>
    assumed(value, unit, `From memory: ${source}`);

const whenNoneHealthy = (
  value: LoadBalancerSettings['whenNoneHealthy'],
  source: string,
): LoadBalancerDefaults['whenNoneHealthy'] => assumed(value, '', `From memory: ${source}`);

const drain = (seconds: number, source: string): Constant =>
  assumed(seconds * SECOND, 'ns', `From memory: ${source}`, [0, 60 * MINUTE]);

const idle = (ns: number | null, source: string): Constant<number | null> =>
  assumed<number | null>(ns, 'ns', `From memory: ${source}`);

const hash = (value: FlowHash, source: string): Constant<FlowHash> =>
  assumed<FlowHash>(value, '', `From memory: ${source}`);

/** Users see "a minute or two" (Kubernetes' documentation of Ingress); providers are not measured one by one. */
const provisioning = (median: number, p99: number): Pick<LoadBalancerDefaults, 'provisioningNs'> => ({
  provisioningNs: {
    median: assumed(median * SECOND, 'ns', 'A minute or two until a load balancer has its address', [
      10 * SECOND,
      5 * MINUTE,
    ]),
    p99: assumed(p99 * SECOND, 'ns', 'Three times the median', [20 * SECOND, 15 * MINUTE]),
  },
});

const targetUpdate = (seconds: number): Pick<LoadBalancerDefaults, 'targetUpdateNs'> => ({
  targetUpdateNs: assumed(
    seconds * SECOND,
    'ns',
    'A controller that notices, a call of the provider, and a data path that is told',
    [0, 60 * SECOND],
  ),
});

const common = {
  targetType: assumed<'instance' | 'ip'>('instance', '', 'What the service controllers of the cloud providers set up'),
  weightByEndpoints: assumed(false, '', 'Providers that read the weight in the health check have to be told to'),
  provisioningFailureShare: assumed(0, '1', 'No quota is reached', [0, 1]),
};

const GCE_SOURCE =
  'GCE provider of the service controller: node and service health checks every 8 s, 1 s time-out, 1 success, 3 failures';

const gce = (): LoadBalancerDefaults => ({
  ...common,
  healthCheck: check('HTTP', [8, 1, 1, 3], documented(GCE_SOURCE)),
  whenNoneHealthy: whenNoneHealthy('all', 'a passthrough load balancer sends to all backends as a last resort'),
  deregistrationDelayNs: drain(30, 'connection draining of layer 4 backend services as GKE sets it up'),
  flowHash: hash('5-tuple', 'session affinity NONE'),
  idleTimeoutNs: idle(10 * MINUTE, 'connection tracking of passthrough load balancers'),
  ...provisioning(60, 180),
  ...targetUpdate(5),
});

const awsNlb = (policy: TrafficPolicy): LoadBalancerDefaults => ({
  ...common,
  healthCheck:
    policy === 'Local'
      ? check(
          'HTTP',
          [10, 10, 2, 2],
          documented('AWS provider: target groups of policy Local ask the health check node port'),
        )
      : check('TCP', [30, 10, 3, 3], documented('AWS target groups of network load balancers: 30 s, thresholds of 3')),
  whenNoneHealthy: whenNoneHealthy('all', 'a network load balancer without healthy targets fails open'),
  deregistrationDelayNs: drain(300, 'deregistration_delay.timeout_seconds of a target group'),
  flowHash: hash('5-tuple', 'protocol, addresses, ports and the TCP sequence number'),
  idleTimeoutNs: idle(350 * SECOND, 'TCP idle timeout of network load balancers'),
  ...provisioning(100, 300),
  ...targetUpdate(10),
});

const awsClb = (policy: TrafficPolicy): LoadBalancerDefaults => ({
  ...common,
  healthCheck: check(
    policy === 'Local' ? 'HTTP' : 'TCP',
    [10, 5, 2, 6],
    unverified('AWS provider: health checks of classic load balancers'),
  ),
  whenNoneHealthy: whenNoneHealthy('none', 'a classic load balancer without healthy instances turns connections away'),
  deregistrationDelayNs: drain(0, 'connection draining is off unless an annotation asks for it'),
  flowHash: hash('round-robin', 'TCP listeners of classic load balancers go round robin'),
  idleTimeoutNs: idle(60 * SECOND, 'idle timeout of classic load balancers'),
  ...provisioning(60, 180),
  ...targetUpdate(5),
});

const azure = (policy: TrafficPolicy): LoadBalancerDefaults => ({
  ...common,
  healthCheck: check(
    policy === 'Local' ? 'HTTP' : 'TCP',
    [5, 5, 1, 2],
    unverified('Azure provider: a probe every 5 s, two of which must fail'),
  ),
  whenNoneHealthy: whenNoneHealthy('none', 'new flows have nowhere to go when all probes are down'),
  deregistrationDelayNs: drain(0, 'no connection draining'),
  flowHash: hash('5-tuple', 'distribution mode Default'),
  idleTimeoutNs: idle(4 * MINUTE, 'idleTimeoutInMinutes of a rule'),
  ...provisioning(60, 180),
  ...targetUpdate(10),
});

const generic = (): LoadBalancerDefaults => ({
  ...common,
  healthCheck: check('HTTP', [10, 5, 2, 3], <Value>(value: Value, unit: string) =>
    assumed(value, unit, 'Between the values of the large providers'),
  ),
  whenNoneHealthy: assumed<LoadBalancerSettings['whenNoneHealthy']>('none', '', 'The simpler of the two'),
  deregistrationDelayNs: assumed(30 * SECOND, 'ns', 'As long as the default grace period of pods', [0, 60 * MINUTE]),
  flowHash: assumed<FlowHash>('5-tuple', '', 'What most load balancers of connections do'),
  idleTimeoutNs: assumed<number | null>(null, 'ns', 'None is known'),
  ...provisioning(80, 240),
  ...targetUpdate(5),
});

/** Nobody checks nodes from outside: what is said of checks and pools here is not used. */
const metallb = (): LoadBalancerDefaults => ({
  ...generic(),
  whenNoneHealthy: assumed<LoadBalancerSettings['whenNoneHealthy']>('none', '', 'No node announces the address'),
  deregistrationDelayNs: assumed(0, 'ns', 'A router or switch keeps no table of connections'),
  provisioningNs: {
    median: assumed(0.2 * SECOND, 'ns', 'A controller in the cluster that picks an address', [0.01 * SECOND, SECOND]),
    p99: assumed(1 * SECOND, 'ns', 'Five times the median', [0.05 * SECOND, 10 * SECOND]),
  },
});

const PROVIDERS: Readonly<Record<LoadBalancerProvider, (policy: TrafficPolicy) => LoadBalancerDefaults>> = {
  gce,
  'aws-nlb': awsNlb,
  'aws-clb': awsClb,
  azure,
  generic,
  'metallb-layer2': metallb,
  'metallb-bgp': metallb,
};
