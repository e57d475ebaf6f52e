/**
 * The part of the normalized scenario that says what stands in front of a service of type LoadBalancer (scenario.ts holds the rest,
 * and the rules of units and of null).
 */

import type { MetallbSettings } from './metallb-settings.js';

/** Clouds whose load balancers the service controller sets up. `generic` is like no cloud in particular. */
export const CLOUD_PROVIDERS = ['gce', 'aws-nlb', 'aws-clb', 'azure', 'generic'] as const;

/** MetalLB, in its two modes: the nodes themselves announce the addresses of services. */
const METALLB_PROVIDERS = ['metallb-layer2', 'metallb-bgp'] as const;

/** All values of `loadBalancer.provider`. */
export const LOAD_BALANCER_PROVIDERS = [...CLOUD_PROVIDERS, ...METALLB_PROVIDERS] as const;
export type LoadBalancerProvider = (typeof LOAD_BALANCER_PROVIDERS)[number];

/** How a load balancer finds out whether a target works. */
export interface HealthCheckSettings {
  /**
   * HTTP asks kube-proxy: the health check node port under externalTrafficPolicy Local, else /healthz. TCP opens a connection to
   * the node port, which kube-proxy's rules hand to an endpoint.
   */
  readonly protocol: 'HTTP' | 'TCP';
  /** From the start of one check of a target to the next. */
  readonly intervalNs: number;
  /** How long a check waits for a target that does not answer; at most the interval. */
  readonly timeoutNs: number;
  /** Successes in a row that bring a target back. */
  readonly healthyThreshold: number;
  /** Failures in a row that take a target out. */
  readonly unhealthyThreshold: number;
}

/** What decides which target of a load balancer a new flow goes to. */
export type FlowHash = '5-tuple' | '3-tuple' | '2-tuple' | 'round-robin';

/** The load balancer of each service of a group. */
export interface LoadBalancerSettings {
  readonly provider: LoadBalancerProvider;
  /** `instance`: nodes, whose kube-proxies find a pod. `ip`: the pods themselves, as the endpoint objects have them. */
  readonly targetType: 'instance' | 'ip';
  readonly healthCheck: HealthCheckSettings;
  /** With no healthy target left: send to all of them (fail open), or to none. */
  readonly whenNoneHealthy: 'all' | 'none';
  /** How long connections to a target that has been taken out of the pool may go on; 0: they end with it. */
  readonly deregistrationDelayNs: number;
  readonly flowHash: FlowHash;
  /** Under Local: a node gets flows by its ready endpoints (header X-Load-Balancing-Endpoint-Weight), and not as many as any other. */
  readonly weightByEndpoints: boolean;
  /** Of the data path, after which a connection without traffic is forgotten; null: never. */
  readonly idleTimeoutNs: number | null;
  /** A call of the provider that makes a load balancer, lognormal. */
  readonly provisioningNs: { readonly median: number; readonly p99: number };
  /** Share of such calls that fail, and are tried again. */
  readonly provisioningFailureShare: number;
  /** From the call that adds or removes targets to the moment when the data path follows. */
  readonly targetUpdateNs: number;
  /** null: the provider is another one. */
  readonly metallb: MetallbSettings | null;
}

/** Whether the nodes announce the service themselves, and nobody checks them. */
export const isMetallb = (provider: LoadBalancerProvider): boolean =>
  METALLB_PROVIDERS.some((metallb) => metallb === provider);
