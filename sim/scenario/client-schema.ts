/** Clients of services and the applications that answer them, as users write them. Defaults are not here but in the version profiles. */

import { z } from 'zod';

import {
  choice,
  countOrWord,
  duration,
  flag,
  label,
  nonNegativeNumber,
  percent,
  period,
  periodOrUnlimited,
  positiveNumber,
  wholeNumber,
} from './fields.js';

const MAX_REQUESTS_PER_SECOND = 1_000_000_000;
const MAX_CONNECTIONS = 100_000_000;

export const client = z.strictObject({
  name: label().optional().describe('Name of these clients in reports. Default: that of the service.'),
  service: label().describe('Name of an entry of `services`; each service of the entry has clients like these.'),
  from: choice(['pods', 'nodes', 'outside'])
    .optional()
    .describe('Where the clients are: in pods, on nodes without a pod network, or outside of the cluster.'),
  address: choice(['ClusterIP', 'NodePort', 'LoadBalancerIP', 'ExternalIP'])
    .optional()
    .describe(
      'Which address of the service they use. Default: ClusterIP from inside; from outside what the type of the service has.',
    ),
  detail: choice(['share', 'connection', 'request'])
    .optional()
    .describe(
      'How closely requests are followed: as rates (any size of cluster), connection by connection, or request by request with queueing in the pods.',
    ),
  requestsPerSecond: positiveNumber(MAX_REQUESTS_PER_SECOND)
    .optional()
    .describe(
      'Requests per second to each service, from all of its clients together, whether or not they are answered.',
    ),
  closedLoop: z
    .strictObject({
      users: wholeNumber({ min: 1, max: MAX_CONNECTIONS }).describe(
        'Users of each service, each with one request at a time.',
      ),
      thinkTime: duration().describe('Mean time from an answer to the next request of the same user, exponential.'),
    })
    .optional()
    .describe('Users who wait for their answers, instead of requestsPerSecond. Needs `detail: request`.'),
  keepAlive: z
    .strictObject({
      connections: wholeNumber({ min: 1, max: MAX_CONNECTIONS }).describe(
        'Connections that the clients of a service hold open together.',
      ),
      meanLifetime: periodOrUnlimited()
        .optional()
        .describe('Mean time until a client closes a connection and opens another, exponential; unlimited: never.'),
    })
    .optional()
    .describe('Connections that carry many requests. Without it each request opens a connection of its own.'),
  sourceAddresses: wholeNumber({ min: 1, max: MAX_CONNECTIONS })
    .optional()
    .describe('Addresses that the clients of a service have together: what session affinity and source hashing see.'),
  dnsCacheTtl: duration()
    .optional()
    .describe(
      'Clients of a headless service: how old an answer of DNS gets in caches (the TTL of CoreDNS); 0s: every connection asks anew.',
    ),
  zoneShares: z
    .array(percent({ min: 0, max: 1 }))
    .optional()
    .describe('Share of the clients in each zone, in percent, summing to 100%. Default: as many on every node.'),
});

export const application = z.strictObject({
  concurrency: countOrWord({ min: 1, max: 1_000_000 }, 'unlimited', 'requests')
    .optional()
    .describe('Requests that a pod works on at a time; others wait. With serviceTime it gives the capacity of a pod.'),
  queueLimit: countOrWord({ min: 0, max: 10_000_000 }, 'unlimited', 'requests')
    .optional()
    .describe(
      'Requests that may wait in a pod beside those that it works on; more are refused. For `detail: request`. Default: unlimited.',
    ),
  serviceTime: z
    .strictObject({
      mean: period().describe('Mean time.'),
      variation: nonNegativeNumber(20)
        .optional()
        .describe('Coefficient of variation: 0 constant, 1 exponential, otherwise lognormal.'),
    })
    .optional()
    .describe('Time that a request takes in a pod when it is alone.'),
  acceptsAfterSigterm: flag()
    .optional()
    .describe(
      'Whether a pod goes on accepting connections from SIGTERM until it ends. Most servers close their listener at SIGTERM.',
    ),
});
