/**
 * The part of the version profiles about clients of services and the applications that answer them. None of it depends on the
 * version.
 */

import type { ApplicationSettings, ClientSettings, TrafficDetail } from '../traffic-settings.js';
import { assumed, type Sourced, upstream } from './provenance.js';

/** Of an entry of `clients`; what only a user can know is not here. */
export const clientDefaults = (): Sourced<
  Pick<ClientSettings, 'from' | 'detail' | 'sourceAddresses' | 'dnsCacheTtlNs' | 'zoneShares'>
> & {
  readonly keepAlive: Sourced<Pick<NonNullable<ClientSettings['keepAlive']>, 'meanLifetimeNs'>>;
} => ({
  from: assumed<ClientSettings['from']>('pods', '', 'Services are there for pods of the same cluster first'),
  detail: assumed<TrafficDetail>('share', '', 'Holds for any number of nodes and requests'),
  sourceAddresses: assumed(
    1000,
    '1',
    'Enough that no address matters; one stands for users behind a gateway',
    [1, 1e7],
  ),
  dnsCacheTtlNs: upstream(
    30_000_000_000,
    'ns',
    "The Corefile of kubeadm: plugin kubernetes with ttl 30, which is also the most that its plugin cache keeps; the plugin's own default is 5 s",
    '1.35',
  ),
  zoneShares: assumed<ClientSettings['zoneShares']>(null, '', 'As many clients on every node'),
  keepAlive: {
    meanLifetimeNs: assumed<number | null>(
      null,
      'ns',
      'Clients with connection pools, gRPC and HTTP/2 keep theirs open',
    ),
  },
});

/** Of what runs in the pods of a service. */
export const applicationDefaults = (): Sourced<ApplicationSettings> & {
  readonly serviceTimeVariation: Sourced<number>;
} => ({
  concurrency: assumed<number | null>(null, '1', 'Without it no capacity is known'),
  queueLimit: assumed<number | null>(null, '1', 'Most servers take what comes'),
  serviceTime: assumed<ApplicationSettings['serviceTime']>(null, 'ns', 'Without it no capacity is known'),
  serviceTimeVariation: assumed(1, '1', 'Exponential service times', [0, 5]),
  acceptsAfterSigterm: assumed(
    false,
    '',
    'Servers of Go, Node.js, Java and nginx close their listeners first when they shut down gracefully; a process without a handler ends at once',
  ),
});
