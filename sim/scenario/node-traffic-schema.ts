/** The connections of nodes, as users write them. Defaults are not here but in the version profiles. */

import { z } from 'zod';

import { choice, duration, percent, positiveNumber } from './fields.js';
import { latencySchema } from './pod-schemas.js';

/** Beyond the fastest network cards. */
const MAX_CONNECTIONS_PER_SECOND = 100_000_000;
const MAX_REQUESTS_PER_CONNECTION = 1_000_000_000;

const share = () => percent({ min: 0, max: 1 }).optional();

export const nodeTraffic = z.strictObject({
  newConnectionsPerSecond: positiveNumber(MAX_CONNECTIONS_PER_SECOND)
    .optional()
    .describe('New connections per second that each node sees, to services and others.'),
  protocol: choice(['TCP', 'UDP']).optional().describe('Protocol of the connections.'),
  requestsPerConnection: positiveNumber(MAX_REQUESTS_PER_CONNECTION)
    .optional()
    .describe('Requests on each connection (keep-alive): rules cost once a connection.'),
  connectionLifetime: latencySchema('the time from the first packet of a connection to the last').describe(
    'How long connections last, lognormal.',
  ),
  unclosedShare: share().describe(
    'TCP connections that end without a word, in percent: they stay in the connection tracking table for the tcpEstablishedTimeout.',
  ),
  halfClosedShare: share().describe(
    'TCP connections that only one side closes, in percent: they stay for the tcpCloseWaitTimeout.',
  ),
  shareToServices: share().describe(
    'New connections that go to services, in percent. Others, such as those from other nodes to pods, are compared with all rules.',
  ),
  address: choice(['ClusterIP', 'NodePort', 'LoadBalancerIP', 'ExternalIP'])
    .optional()
    .describe('Which address of a service connections go to; every service that has one gets as many.'),
  remoteEndpointShare: share().describe(
    'Connections to services whose endpoint is on another node, in percent: their first packet meets the rules of both.',
  ),
  knownClientShare: share().describe(
    'Connections to services with session affinity whose client has been there before, in percent.',
  ),
  cacheColdShare: share().describe(
    "New connections that find the rules evicted from the processor's caches by other work of the node, in percent.",
  ),
  cpuPerConnection: duration()
    .optional()
    .describe('CPU time of opening and closing a connection on a node without service rules.'),
  cpuPerRequest: duration().optional().describe('CPU time of a request on an open connection.'),
  roundTripDelay: latencySchema('what a round trip takes beside the work of the kernels').describe(
    'Interrupts, wake-ups, queues and the wire in a round trip, lognormal; what kernels do with the packet is added.',
  ),
});
