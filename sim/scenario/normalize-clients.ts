/** Spec -> Scenario: clients of services, and the applications that answer them. */

import type { ServiceAddress } from '../model/node/packet-path/rule-walk.js';
import type { ApplicationSettings, ClientSettings } from '../model/traffic-settings.js';
import type { VersionProfile } from '../model/versions/profiles.js';
import { serviceShape } from './normalize-kube-proxy.js';
import { or } from './normalize-pods.js';
import type { Spec } from './schema.js';

export const client = (
  given: NonNullable<Spec['clients']>[number],
  services: Spec['services'],
  profile: VersionProfile,
): ClientSettings => {
  const { clients: defaults } = profile;
  const from = or(given.from, defaults.from);
  return {
    name: given.name ?? given.service,
    service: given.service,
    from,
    address: given.address ?? (from === 'outside' ? outerAddress(given.service, services, profile) : 'ClusterIP'),
    detail: or(given.detail, defaults.detail),
    load:
      given.closedLoop === undefined
        ? { kind: 'open', requestsPerSecond: given.requestsPerSecond ?? 0 }
        : { kind: 'closed', users: given.closedLoop.users, meanThinkTimeNs: given.closedLoop.thinkTime },
    keepAlive:
      given.keepAlive === undefined
        ? null
        : {
            connections: given.keepAlive.connections,
            meanLifetimeNs: or(given.keepAlive.meanLifetime, defaults.keepAlive.meanLifetimeNs),
          },
    sourceAddresses: or(given.sourceAddresses, defaults.sourceAddresses),
    dnsCacheTtlNs: or(given.dnsCacheTtl, defaults.dnsCacheTtlNs),
    zoneShares: or(given.zoneShares, defaults.zoneShares),
  };
};

/** What somebody outside the cluster can use; where there is nothing, a rule finds that the service has no such address. */
function outerAddress(name: string, services: Spec['services'], profile: VersionProfile): ServiceAddress {
  const entry = services.find((service) => service.name === name);
  if (entry === undefined) return 'LoadBalancerIP';
  const { type, loadBalancerIPs, externalIPs } = serviceShape(entry, profile);
  if (loadBalancerIPs > 0) return 'LoadBalancerIP';
  if (externalIPs > 0) return 'ExternalIP';
  return type === 'ClusterIP' ? 'LoadBalancerIP' : 'NodePort';
}

export const application = (
  given: Spec['services'][number]['application'],
  { application: defaults }: VersionProfile,
): ApplicationSettings => ({
  concurrency: or(given?.concurrency, defaults.concurrency),
  queueLimit: or(given?.queueLimit, defaults.queueLimit),
  serviceTime:
    given?.serviceTime === undefined
      ? defaults.serviceTime.value
      : { meanNs: given.serviceTime.mean, variation: or(given.serviceTime.variation, defaults.serviceTimeVariation) },
  acceptsAfterSigterm: or(given?.acceptsAfterSigterm, defaults.acceptsAfterSigterm),
});
