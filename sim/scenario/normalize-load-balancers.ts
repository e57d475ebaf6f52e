/** Spec -> Scenario: the load balancers in front of services, and who sets them up. */

import { isMetallb, type LoadBalancerSettings } from '../model/load-balancer-settings.js';
import type { Scenario } from '../model/scenario.js';
import { DEFAULT_PROVIDER, loadBalancerDefaults } from '../model/versions/load-balancer-profile.js';
import type { VersionProfile } from '../model/versions/profiles.js';
import { mergedMetallb, metallb } from './normalize-metallb.js';
import { serviceShape } from './normalize-kube-proxy.js';
import { or } from './normalize-pods.js';
import type { Spec } from './schema.js';

type LoadBalancerSpec = NonNullable<Spec['loadBalancer']>;

/**
 * What the service says of its load balancer, else what the top of the file says of all, else the default of the provider. A
 * service that names another provider than the top of the file has nothing else of what is said there. null: it has none.
 */
export const loadBalancer = (
  entry: Spec['services'][number],
  ofAll: LoadBalancerSpec = {},
  profile: VersionProfile,
): LoadBalancerSettings | null => {
  const { type, externalTrafficPolicy } = serviceShape(entry, profile);
  if (type !== 'LoadBalancer' && entry.loadBalancer === undefined) return null;
  const own = entry.loadBalancer ?? {};
  const usualProvider = or(ofAll.provider, DEFAULT_PROVIDER);
  const provider = own.provider ?? usualProvider;
  const general = provider === usualProvider ? ofAll : {};
  const given: LoadBalancerSpec = {
    ...general,
    ...withoutUndefined(own),
    healthCheck: { ...general.healthCheck, ...withoutUndefined(own.healthCheck ?? {}) },
    provisioning: { ...general.provisioning, ...withoutUndefined(own.provisioning ?? {}) },
    metallb: mergedMetallb(general.metallb, own.metallb),
  };
  const defaults = loadBalancerDefaults(provider, externalTrafficPolicy);
  return {
    provider,
    targetType: or(given.targetType, defaults.targetType),
    healthCheck: {
      protocol: or(given.healthCheck?.protocol, defaults.healthCheck.protocol),
      intervalNs: or(given.healthCheck?.interval, defaults.healthCheck.intervalNs),
      timeoutNs: or(given.healthCheck?.timeout, defaults.healthCheck.timeoutNs),
      healthyThreshold: or(given.healthCheck?.healthyThreshold, defaults.healthCheck.healthyThreshold),
      unhealthyThreshold: or(given.healthCheck?.unhealthyThreshold, defaults.healthCheck.unhealthyThreshold),
    },
    whenNoneHealthy: or(given.whenNoneHealthy, defaults.whenNoneHealthy),
    deregistrationDelayNs: or(given.deregistrationDelay, defaults.deregistrationDelayNs),
    flowHash: or(given.flowHash, defaults.flowHash),
    weightByEndpoints: or(given.weightByEndpoints, defaults.weightByEndpoints),
    idleTimeoutNs: or(given.idleTimeout, defaults.idleTimeoutNs),
    provisioningNs: {
      median: or(given.provisioning?.median, defaults.provisioningNs.median),
      p99: or(given.provisioning?.p99, defaults.provisioningNs.p99),
    },
    provisioningFailureShare: or(given.provisioningFailureShare, defaults.provisioningFailureShare),
    targetUpdateNs: or(given.targetUpdate, defaults.targetUpdateNs),
    // What is said of MetalLB in front of another provider is kept, for a rule to find.
    metallb: isMetallb(provider) || given.metallb !== undefined ? metallb(given.metallb ?? {}) : null,
  };
};

export const cloudControllerManager = (
  given: NonNullable<NonNullable<Spec['controlPlane']>['cloudControllerManager']>,
  { cloudControllerManager: defaults }: VersionProfile['controlPlane'],
): Scenario['controlPlane']['cloudControllerManager'] => ({
  concurrentServiceSyncs: or(given.concurrentServiceSyncs, defaults.concurrentServiceSyncs),
  stableLoadBalancerNodeSet: or(given.stableLoadBalancerNodeSet, defaults.stableLoadBalancerNodeSet),
});

/** A field that is there and undefined must not hide one that is given elsewhere. */
const withoutUndefined = <Fields extends object>(fields: Fields): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
