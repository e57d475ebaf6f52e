/** Fixed rules of the service controller of cloud-controller-manager: constants in its source code that no flag changes. */

import { constant, type Constant } from './provenance.js';

const seconds = (value: number, name: string): Constant =>
  constant({
    value,
    unit: 's',
    evidence: 'source code',
    source: `k8s.io/cloud-provider controllers/service/controller.go: ${name}`,
    date: '2026-07',
    range: null,
  });

export const SERVICE_CONTROLLER_RULES = {
  /** Back-off of a service whose load balancer could not be made: doubles from the one to the other. */
  minRetryDelay: seconds(5, 'minRetryDelay'),
  maxRetryDelay: seconds(300, 'maxRetryDelay'),
  /** How often the pools of all load balancers are compared with the nodes. */
  nodeSyncPeriod: seconds(100, 'nodeSyncPeriod'),
} as const;
