import { expect, test } from 'vitest';

import { type CheckedNode, nodeAnswer } from './node-answer.js';

const NODE: CheckedNode = {
  isUp: true,
  isProxyRunning: true,
  isProxyHealthy: true,
  isEligible: true,
  readyHere: 1,
  usableHere: 1,
  usableAnywhere: 5,
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
    { readyHere: 0, usableHere: 0, usableAnywhere: 0 },
    'unhealthy',
    'healthy',
    'unhealthy',
    'unhealthy',
  ],
  ['whose kube-proxy lags', { isProxyHealthy: false }, 'unhealthy', 'unhealthy', 'healthy', 'healthy'],
  ['whose kube-proxy is away', { isProxyRunning: false }, 'unhealthy', 'unhealthy', 'healthy', 'healthy'],
  ['that is about to be deleted', { isEligible: false }, 'healthy', 'unhealthy', 'healthy', 'healthy'],
] as const)('a node %s', (_, change, httpLocal, httpCluster, tcpLocal, tcpCluster) => {
  const node = { ...NODE, ...change };
  expect(nodeAnswer('HTTP', 'Local', node)).toBe(httpLocal);
  expect(nodeAnswer('HTTP', 'Cluster', node)).toBe(httpCluster);
  expect(nodeAnswer('TCP', 'Local', node)).toBe(tcpLocal);
  expect(nodeAnswer('TCP', 'Cluster', node)).toBe(tcpCluster);
});
