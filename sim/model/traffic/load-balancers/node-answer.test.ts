import { expect, test } from 'vitest';

import { type CheckedNode, nodeAnswer } from './node-answer.js';

const NODE: CheckedNode = {
  isUp: true,
  isProxyHealthy: true,
  readyHere: 1,
  usableHere: 1,
  isAnywhere: true,
};

/** The first two columns as kube-proxy answers them: pkg/proxy/healthcheck, TestServer and TestHealthzServer. */
test.each([
  // what, node, HTTP Local, HTTP Cluster, TCP Local, TCP Cluster
  ['that serves', {}, 'healthy', 'healthy', 'healthy', 'healthy'],
  ['that is down', { isUp: false }, 'silent', 'silent', 'silent', 'silent'],
  ['without endpoints of its own', { readyHere: 0, usableHere: 0 }, 'unhealthy', 'healthy', 'silent', 'healthy'],
  ['whose last endpoint ends', { readyHere: 0 }, 'unhealthy', 'healthy', 'healthy', 'healthy'],
  [
    'of a service without any',
    { readyHere: 0, usableHere: 0, isAnywhere: false },
    'unhealthy',
    'healthy',
    'unhealthy',
    'unhealthy',
  ],
  ['whose kube-proxy lags or is away', { isProxyHealthy: false }, 'unhealthy', 'unhealthy', 'healthy', 'healthy'],
] as const)('a node %s', (_, change, httpLocal, httpCluster, tcpLocal, tcpCluster) => {
  const node = { ...NODE, ...change };
  expect(nodeAnswer({ protocol: 'HTTP', externalTrafficPolicy: 'Local' }, node)).toBe(httpLocal);
  expect(nodeAnswer({ protocol: 'HTTP', externalTrafficPolicy: 'Cluster' }, node)).toBe(httpCluster);
  expect(nodeAnswer({ protocol: 'TCP', externalTrafficPolicy: 'Local' }, node)).toBe(tcpLocal);
  expect(nodeAnswer({ protocol: 'TCP', externalTrafficPolicy: 'Cluster' }, node)).toBe(tcpCluster);
});
