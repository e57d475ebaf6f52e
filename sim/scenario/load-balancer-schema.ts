/** External load balancers, and who sets them up, as users write them. Defaults are not here but in the version profiles. */

import { z } from 'zod';

import { LOAD_BALANCER_PROVIDERS } from '../model/load-balancer-settings.js';
import { choice, duration, flag, percent, period, periodOrUnlimited, wholeNumber } from './fields.js';
import { metallb } from './metallb-schema.js';
import { latencySchema } from './pod-schemas.js';

const MAX_THRESHOLD = 100;
const MAX_WORKERS = 10_000;

const threshold = () => wholeNumber({ min: 1, max: MAX_THRESHOLD }).optional();

/** The same at the top of the file, where it holds for all services, and in an entry of `services`. */
export const loadBalancer = z.strictObject({
  provider: choice(LOAD_BALANCER_PROVIDERS)
    .optional()
    .describe('Whose load balancer it is: picks the other defaults, by externalTrafficPolicy.'),
  targetType: choice(['instance', 'ip'])
    .optional()
    .describe('What it sends to: nodes, whose kube-proxies find a pod, or the pods themselves.'),
  healthCheck: z
    .strictObject({
      protocol: choice(['HTTP', 'TCP'])
        .optional()
        .describe(
          'What it asks a node: HTTP kube-proxy (the health check node port under externalTrafficPolicy Local, else /healthz), TCP the node port.',
        ),
      interval: period().optional().describe('From one check of a target to the next.'),
      timeout: period().optional().describe('How long a check waits for an answer; at most the interval.'),
      healthyThreshold: threshold().describe('Successes in a row that bring a target back.'),
      unhealthyThreshold: threshold().describe('Failures in a row that take a target out.'),
    })
    .optional()
    .describe('How it finds out which targets work.'),
  whenNoneHealthy: choice(['all', 'none'])
    .optional()
    .describe('Where it sends when no target is healthy: to all of them (it fails open), or to none.'),
  deregistrationDelay: duration()
    .optional()
    .describe(
      'How long connections to a target that is taken out of the pool may go on. 0s: they end with it. Counts for clients with `detail: connection`.',
    ),
  flowHash: choice(['5-tuple', '3-tuple', '2-tuple', 'round-robin'])
    .optional()
    .describe(
      'What decides where a new flow goes. With 2-tuple and 3-tuple a client address stays with its target. Counts for metallb-bgp; other load balancers spread flows evenly so far.',
    ),
  weightByEndpoints: flag()
    .optional()
    .describe(
      'Under externalTrafficPolicy Local, whether a node gets flows by its ready endpoints (header X-Load-Balancing-Endpoint-Weight).',
    ),
  idleTimeout: periodOrUnlimited()
    .optional()
    .describe('After which a connection without traffic is forgotten, or "unlimited". Without effect on runs so far.'),
  provisioning: latencySchema('the call of the provider that makes a load balancer').describe(
    'Time of the call that makes a load balancer, lognormal: for services that the workload creates.',
  ),
  provisioningFailureShare: percent({ min: 0, max: 0.99 })
    .optional()
    .describe('Share of such calls that fail; each is tried again, after 5 s at first and 5 m at last.'),
  targetUpdate: duration()
    .optional()
    .describe('From a change of the pool (nodes, or with targetType ip pods) until the data path follows.'),
  metallb: metallb.optional().describe('Of the providers metallb-layer2 and metallb-bgp.'),
});

export const cloudControllerManager = z.strictObject({
  concurrentServiceSyncs: wholeNumber({ min: 1, max: MAX_WORKERS })
    .optional()
    .describe('Load balancers that the service controller makes at a time (--concurrent-service-syncs).'),
  stableLoadBalancerNodeSet: flag()
    .optional()
    .describe(
      'Whether nodes that are not ready stay in the pools of load balancers (feature gate StableLoadBalancerNodeSet, on since 1.27).',
    ),
});
