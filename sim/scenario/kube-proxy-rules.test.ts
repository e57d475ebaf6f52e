/** What a file may say of kube-proxy and of the shape of services, what it means, and what is refused where. */

import { describe, expect, test } from 'vitest';

import { CLUSTER_IP } from '../model/cluster/service-shape.js';
import type { Scenario } from '../model/scenario.js';
import { SUPPORTED_VERSIONS } from '../model/versions/profiles.js';
import { type Problem, UserError } from '../errors.js';
import { parseExperiment } from './load.js';

/** The service and the version stand in lines of their own. */
const file = (service: string, version: string, more: string): string => `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
kubernetes: "${version}"
cluster: { nodes: 10, zones: 2 }
services:
  - { name: web, endpoints: 5${service} }
${more.includes('workload:') ? '' : 'workload: [{ at: 1s, rollingUpdate: { service: web } }]'}
${more}
`;

const scenario = (service: string, version = '1.35', more = ''): Scenario =>
  parseExperiment(file(service, version, more), 'a.yaml').variants[0]!.scenario;

const kubeProxyOf = (settings: string, version = '1.35') => scenario('', version, `kubeProxy: {${settings}}`).kubeProxy;

function problemsIn(service: string, version = '1.35', more = ''): readonly Problem[] {
  try {
    scenario(service, version, more);
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

describe('the shape of a service', () => {
  test('is that of a plain ClusterIP service by default', () => {
    expect(scenario('').services[0]!.shape).toEqual(CLUSTER_IP);
  });

  test.each([
    ['type: NodePort', { type: 'NodePort', loadBalancerIPs: 0, allocateLoadBalancerNodePorts: true }],
    ['type: LoadBalancer', { type: 'LoadBalancer', loadBalancerIPs: 1, loadBalancerSourceRanges: 0 }],
    ['type: LoadBalancer, loadBalancerIPs: 0', { loadBalancerIPs: 0 }],
    ['type: LoadBalancer, loadBalancerIPs: 2, loadBalancerSourceRanges: 3', { loadBalancerIPs: 2 }],
    ['type: LoadBalancer, allocateLoadBalancerNodePorts: false', { allocateLoadBalancerNodePorts: false }],
    ['type: LoadBalancer, externalTrafficPolicy: Local', { externalTrafficPolicy: 'Local' }],
    ['type: NodePort, externalTrafficPolicy: Local', { externalTrafficPolicy: 'Local' }],
    ['externalIPs: 2, externalTrafficPolicy: Local', { type: 'ClusterIP', externalIPs: 2 }],
    ['internalTrafficPolicy: Local', { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Cluster' }],
    ['protocol: SCTP, sessionAffinity: ClientIP', { protocol: 'SCTP', sessionAffinity: 'ClientIP' }],
  ])('%s', (fields, shape) => {
    expect(scenario(`, ${fields}`).services[0]!.shape).toMatchObject(shape);
  });

  test.each([
    ['loadBalancerIPs: 1', 'loadBalancerIPs', 'add "type: LoadBalancer", or remove loadBalancerIPs'],
    [
      'type: NodePort, loadBalancerSourceRanges: 2',
      'loadBalancerSourceRanges',
      'add "type: LoadBalancer", or remove loadBalancerSourceRanges',
    ],
    [
      'type: NodePort, allocateLoadBalancerNodePorts: false',
      'allocateLoadBalancerNodePorts',
      'add "type: LoadBalancer", or remove allocateLoadBalancerNodePorts',
    ],
    [
      'externalTrafficPolicy: Local',
      'externalTrafficPolicy',
      'add "type: NodePort" or "type: LoadBalancer", or use internalTrafficPolicy',
    ],
  ])('%s contradicts itself', (fields, field, suggestion) => {
    expect(problemsIn(`, ${fields}`)).toMatchObject([
      { code: 'KH019', file: 'a.yaml', line: 8, message: expect.stringContaining(`services[0].${field}: `) as string },
    ]);
    expect(problemsIn(`, ${fields}`)[0]!.suggestion).toBe(suggestion);
  });

  test.each([
    ['internalTrafficPolicy: Local', '1.22'],
    ['type: LoadBalancer, allocateLoadBalancerNodePorts: false', '1.22'],
  ])('%s is there since %s', (fields, since) => {
    for (const version of SUPPORTED_VERSIONS) {
      const isOld = SUPPORTED_VERSIONS.indexOf(version) < SUPPORTED_VERSIONS.indexOf(since as '1.22');
      const problems = problemsIn(`, ${fields}`, version);
      expect(problems.map(({ code, line, suggestion }) => ({ code, line, suggestion }))).toEqual(
        isOld ? [{ code: 'KH019', line: 8, suggestion: `use kubernetes: "${since}" or newer` }] : [],
      );
    }
  });

  test.each([
    ['type: LoadBalancr', 'KH011', 'did you mean "LoadBalancer"?'],
    ['type: ExternlName', 'KH011', 'did you mean "ExternalName"?'],
    ['ports: 0', 'KH012', null],
    ['protocol: tcp', 'KH011', 'did you mean "TCP"?'],
    ['externalTraficPolicy: Local', 'KH009', 'did you mean "externalTrafficPolicy"?'],
    ['externalIPs: -1', 'KH012', null],
    ['externalIPs: ["192.0.2.1"]', 'KH011', null],
  ])('%s is refused', (fields, code, suggestion) => {
    expect(problemsIn(`, ${fields}`)).toMatchObject([{ code, line: 8, suggestion }]);
  });
});

describe('the proxy mode', () => {
  /** By version, whether the mode is there: "-" for no, "g" for behind a feature gate, "+" for yes. */
  test.each([
    ['userspace', '++++++-----------'],
    ['iptables', '+++++++++++++++++'],
    ['ipvs', '+++++++++++++++++'],
    ['nftables', '---------gg++++++'],
  ])('%s is there in some versions: %s', (mode, availability) => {
    expect(availability).toHaveLength(SUPPORTED_VERSIONS.length);
    const found = SUPPORTED_VERSIONS.map((version) => {
      if (problemsIn('', version, `kubeProxy: { mode: ${mode} }`).length === 0) return '+';
      return problemsIn('', version, `kubeProxy: { mode: ${mode}, nftablesProxyMode: true }`).length === 0 ? 'g' : '-';
    });
    expect(found.join('')).toBe(availability);
  });

  test.each([
    ['mode: userspace', '1.26', 'removed in 1.26', 'use kubernetes: "1.25" or older, or the mode "iptables"'],
    ['mode: nftables', '1.28', 'it came in 1.29', 'use kubernetes: "1.31" or newer'],
    ['mode: nftables', '1.30', 'off by default before 1.31', 'set kubeProxy.nftablesProxyMode to true'],
    ['mode: ipvs, localhostNodePorts: true', '1.35', 'the mode is ipvs', 'remove localhostNodePorts'],
    ['mode: nftables, localhostNodePorts: true', '1.35', 'the mode is nftables', 'remove localhostNodePorts'],
  ])('%s in %s is refused: %s', (settings, version, message, suggestion) => {
    const [problem, ...others] = problemsIn('', version, `kubeProxy: { ${settings} }`);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'KH019', file: 'a.yaml', line: 10, suggestion });
    expect(problem!.message).toContain(message);
  });

  test.each([
    ['mode: iptable', 'KH011', 'did you mean "iptables"?'],
    ['mode: IPVS', 'KH011', 'did you mean "ipvs"?'],
    ['ipvs: { scheduler: rrr }', 'KH011', 'did you mean "rr"?'],
    ['ipvs: { schedular: rr }', 'KH009', 'did you mean "scheduler"?'],
    ['conntrack: { maxPerCore: -1 }', 'KH012', null],
    ['conntrack: { udpTimeout: 30 }', 'KH013', 'write "30s" or "30ms"'],
    ['detectLocalMode: clusterCIDR', 'KH011', 'did you mean "ClusterCIDR"?'],
    ['nodePortAddresses: "10.0.0.0/8"', 'KH011', 'use one of: all, primary'],
  ])('%s is refused', (settings, code, suggestion) => {
    expect(problemsIn('', '1.35', `kubeProxy: { ${settings} }`)).toMatchObject([{ code, line: 10, suggestion }]);
  });

  test('decides about some defaults, and a variant that changes it changes them', () => {
    expect(kubeProxyOf('mode: ipvs', '1.32').minSyncPeriodNs).toBe(0);
    expect(kubeProxyOf('mode: ipvs, minSyncPeriod: 2s', '1.32').minSyncPeriodNs).toBe(2e9);
    expect(kubeProxyOf('mode: nftables')).toMatchObject({ nodePortAddresses: 'primary', localhostNodePorts: false });
    expect(kubeProxyOf('mode: nftables, nodePortAddresses: all').nodePortAddresses).toBe('all');
    const { variants } = parseExperiment(
      file('', '1.32', 'variants: [{ name: ipvs, set: { kubeProxy.mode: ipvs } }]'),
      'a.yaml',
    );
    expect(variants.map((variant) => variant.scenario.kubeProxy.minSyncPeriodNs)).toEqual([1e9, 0]);
  });

  test('has settings of its own', () => {
    const settings = kubeProxyOf(
      ' iptablesBackend: nft, iptablesRuleLayout: v1.24, ipvs: { scheduler: mh }, nftables: { singleEndpointGoto: true, nodeKernel: "6.8" },' +
        ' masqueradeAll: true, detectLocalMode: none, localhostNodePorts: false, terminatingEndpoints: false,' +
        ' topologyHints: false, preferSameTrafficDistribution: false',
    );
    expect(settings).toMatchObject({
      mode: 'iptables',
      iptablesBackend: 'nft',
      iptablesRuleLayout: 'v1.24',
      ipvs: { scheduler: 'mh' },
      nftables: { partialSync: true, singleEndpointGoto: true, nodeKernel: '6.8' },
      masqueradeAll: true,
      detectLocalMode: 'none',
      localhostNodePorts: false,
      terminatingEndpoints: false,
      topologyHints: false,
      preferSameTrafficDistribution: false,
    });
  });
});

describe('the connection table', () => {
  test('is sized and timed as kube-proxy does by default', () => {
    expect(kubeProxyOf('').conntrack).toEqual({
      maxPerCore: 32_768,
      min: 131_072,
      tcpBeLiberal: false,
      tcpEstablishedTimeoutNs: 86_400e9,
      tcpCloseWaitTimeoutNs: 3600e9,
      udpTimeoutNs: 0,
      udpStreamTimeoutNs: 0,
    });
    expect(scenario('').cluster.nodeCores).toBe(4);
  });

  test('takes zeros as values', () => {
    expect(
      kubeProxyOf('conntrack: { maxPerCore: 0, tcpEstablishedTimeout: 0s, udpTimeout: 2m }').conntrack,
    ).toMatchObject({ maxPerCore: 0, min: 131_072, tcpEstablishedTimeoutNs: 0, udpTimeoutNs: 120e9 });
  });
});

describe('what happens to kube-proxies', () => {
  const workloadOf = (action: string) => scenario('', '1.35', `workload: [{ at: 1s, ${action} }]`).workload[0];

  test.each([
    ['restartKubeProxy: { nodes: 3 }', { kind: 'restartKubeProxy', atNs: 1e9, nodes: { absolute: 3 }, forNs: 2e9 }],
    [
      'restartKubeProxy: { nodes: 10%, for: 5s }',
      { kind: 'restartKubeProxy', atNs: 1e9, nodes: { fraction: 0.1 }, forNs: 5e9 },
    ],
    ['restartKubeProxy: { zone: 1, for: 5s }', { kind: 'restartKubeProxy', atNs: 1e9, nodes: { zone: 1 }, forNs: 5e9 }],
    ['failSyncs: { nodes: 0.5%, for: 1m }', { kind: 'failSyncs', atNs: 1e9, nodes: { fraction: 0.005 }, forNs: 60e9 }],
    ['failSyncs: { nodes: 100%, for: 1m }', { kind: 'failSyncs', atNs: 1e9, nodes: { fraction: 1 }, forNs: 60e9 }],
  ])('%s', (action, normalized) => {
    expect(workloadOf(action)).toEqual(normalized);
  });

  test.each([
    ['restartKubeProxy: {}', 'KH010', 'write either "nodes: 10" or "zone: 0"'],
    ['restartKubeProxy: { nodes: 1, zone: 0 }', 'KH019', 'write either "nodes: 10" or "zone: 0"'],
    ['restartKubeProxy: { nodes: 11 }', 'KH019', null],
    ['restartKubeProxy: { nodes: 101% }', 'KH012', null],
    ['restartKubeProxy: { zone: 2 }', 'KH019', null],
    ['restartKubeProxy: { nodes: 1, for: 0s }', 'KH012', null],
    ['restartKubeProxy: { nodes: 0 }', 'KH012', null],
    ['restartKubeProxy: { nodes: 0% }', 'KH012', null],
    ['failSyncs: { nodes: 0, for: 1s }', 'KH012', null],
    ['failSyncs: { nodes: 0.0%, for: 1s }', 'KH012', null],
    ['failSyncs: { nodes: -1, for: 1s }', 'KH012', null],
    ['slowWatchers: { nodes: 0, for: 1s }', 'KH012', null],
    ['slowWatchers: { nodes: 0%, for: 1s }', 'KH012', null],
    ['failSyncs: { nodes: 11, for: 1s }', 'KH019', null],
    ['failSyncs: { nodes: 1 }', 'KH010', null],
    ['failSync: { nodes: 1, for: 1s }', 'KH009', 'did you mean "failSyncs"?'],
  ])('%s is refused', (action, code, suggestion) => {
    const problems = problemsIn('', '1.35', `workload: [{ at: 1s, ${action} }]`);
    expect(problems).toContainEqual(expect.objectContaining({ code, file: 'a.yaml', line: 10, suggestion }));
  });
});
