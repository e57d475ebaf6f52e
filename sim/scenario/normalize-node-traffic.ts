/** Spec -> Scenario: the connections of nodes. */

import type { NodeTrafficSettings } from '../model/node-traffic-settings.js';
import type { VersionProfile } from '../model/versions/profiles.js';
import { or } from './normalize-pods.js';
import type { Spec } from './schema.js';

/** null: no traffic is asked for, and nothing of it measured. */
export const nodeTraffic = (
  given: Spec['nodeTraffic'],
  { nodeTraffic: defaults }: VersionProfile,
): NodeTrafficSettings | null =>
  given === undefined
    ? null
    : {
        newConnectionsPerSecond: or(given.newConnectionsPerSecond, defaults.newConnectionsPerSecond),
        protocol: or(given.protocol, defaults.protocol),
        requestsPerConnection: or(given.requestsPerConnection, defaults.requestsPerConnection),
        connectionLifetimeNs: {
          median: or(given.connectionLifetime?.median, defaults.connectionLifetimeNs.median),
          p99: or(given.connectionLifetime?.p99, defaults.connectionLifetimeNs.p99),
        },
        unclosedShare: or(given.unclosedShare, defaults.unclosedShare),
        halfClosedShare: or(given.halfClosedShare, defaults.halfClosedShare),
        shareToServices: or(given.shareToServices, defaults.shareToServices),
        address: or(given.address, defaults.address),
        remoteEndpointShare: or(given.remoteEndpointShare, defaults.remoteEndpointShare),
        knownClientShare: or(given.knownClientShare, defaults.knownClientShare),
        cacheColdShare: or(given.cacheColdShare, defaults.cacheColdShare),
        cpuPerConnectionNs: or(given.cpuPerConnection, defaults.cpuPerConnectionNs),
        cpuPerRequestNs: or(given.cpuPerRequest, defaults.cpuPerRequestNs),
        roundTripDelayNs: {
          median: or(given.roundTripDelay?.median, defaults.roundTripDelayNs.median),
          p99: or(given.roundTripDelay?.p99, defaults.roundTripDelayNs.p99),
        },
      };
