/**
 * Proxy modes, service shapes and faults of kube-proxies in whole runs, against numbers that can be worked out by hand from the
 * rules of kube-proxy (pkg/proxy/iptables/proxier.go, pkg/proxy/nftables, pkg/proxy/ipvs) or from the model's own parts.
 */

import { describe, expect, it } from 'vitest';

import type { Scenario } from '../model/scenario.js';
import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

function scenario(yaml: string, overrides: readonly string[] = []): Scenario {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\n';
  return parseExperiment(head + yaml, 'test.yaml', { overrides }).variants[0]!.scenario;
}
const run = (yaml: string, overrides: readonly string[] = []): ReplicationMeasurements =>
  runReplication(scenario(yaml, overrides), 0);
const histogram = (result: ReplicationMeasurements, metric: keyof ReplicationMeasurements['distributions']) =>
  Histogram.fromSparse(result.distributions[metric]!);

const oneChange = 'workload: [{ at: 5s, podChange: { service: web, change: replace } }]';

describe('rules on a node', () => {
  const plain = `
kubernetes: "1.33"
cluster: { nodes: 3 }
services: [{ name: web, count: 4, endpoints: 5 }, { name: none, count: 2, endpoints: 0 }]
${oneChange}`;

  it('iptables: 5 + 2 + 3n in nat for each service with endpoints, one REJECT in filter for each without', () => {
    const { scalars } = run(plain);
    expect(scalars.sync_proxy_rules_iptables_total_nat).toBeCloseTo(5 + 4 * (2 + 3 * 5), 9);
    // KUBE-FORWARD 2 and the drop of invalid packets, KUBE-FIREWALL, and two services without endpoints.
    expect(scalars.sync_proxy_rules_iptables_total_filter).toBeCloseTo(4 + 2, 9);
    // The last sync wrote the fixed part, four dispatch lines, and the chains of one or more services of the four.
    expect(scalars.sync_proxy_rules_iptables_last_nat).toBeGreaterThanOrEqual(5 + 4);
    expect(scalars.sync_proxy_rules_iptables_last_nat).toBeLessThanOrEqual(5 + 4 + 4 * 16);
  });

  it('nftables: the base ruleset, a chain for each service and endpoint, with two rules each', () => {
    const { scalars } = run(plain, ['kubeProxy.mode=nftables']);
    expect(scalars.nftables_chains_total).toBeCloseTo(16 + 4 * (1 + 5), 9);
    expect(scalars.nftables_rules_total).toBeCloseTo(23 + 4 * (2 + 2 * 5), 9);
  });

  it('IPVS: a virtual server for each service, with or without endpoints', () => {
    const { scalars } = run(plain, ['kubeProxy.mode=ipvs']);
    expect(scalars.ipvs_virtual_servers_total).toBeCloseTo(6, 9);
    expect(scalars.ipvs_real_servers_total).toBeCloseTo(20, 9);
  });

  it('policy Local makes them differ between nodes, by the endpoints that each has', () => {
    const local = `
kubernetes: "1.33"
cluster: { nodes: 4 }
services: [{ name: web, endpoints: 6, type: LoadBalancer, externalTrafficPolicy: Local }]
${oneChange}`;
    const { scalars } = run(local);
    // On every node: 5 fixed; lines for the cluster IP and the VIP, 2; the node port with its loopback line, 2; KUBE-SVC 1 + 6;
    // KUBE-EXT 3 without local endpoints and 4 with; KUBE-SEP 12. Local endpoints: a line each in KUBE-SVL, six over all nodes.
    const everywhere = 5 + 2 + 2 + 7 + 3 + 12;
    const mean = scalars.sync_proxy_rules_iptables_total_nat!;
    const nodesWithEndpoints = (mean - everywhere) * 4 - 6;
    expect(nodesWithEndpoints).toBeCloseTo(Math.round(nodesWithEndpoints), 9);
    expect(nodesWithEndpoints).toBeGreaterThanOrEqual(2);
    expect(nodesWithEndpoints).toBeLessThanOrEqual(4);
  });

  it('hints leave each zone with its own endpoints', () => {
    const hinted = `
kubernetes: "1.35"
cluster: { nodes: 6, zones: 3 }
services: [{ name: web, endpoints: 30, trafficDistribution: PreferSameZone }]
${oneChange}`;
    const { scalars } = run(hinted);
    // Every endpoint has its rules in one zone of three: 10 on average.
    expect(scalars.sync_proxy_rules_iptables_total_nat).toBeCloseTo(5 + 2 + 3 * 10, 9);
    const everywhere = run(hinted.replace(', trafficDistribution: PreferSameZone', ''));
    expect(everywhere.scalars.sync_proxy_rules_iptables_total_nat).toBeCloseTo(5 + 2 + 3 * 30, 9);
  });
});

describe('a pod that terminates while no other is ready', () => {
  const leaving = `
cluster: { nodes: 2 }
pods: { preStop: { sleep: 20s } }
services: [{ name: web, endpoints: 1 }]
workload: [{ at: 5s, scale: { service: web, to: 0 } }]
duration: 15s
drainLimit: 0s`;

  it('is used as long as it serves, since 1.26', () => {
    const total = (version: string): number | undefined =>
      run(`kubernetes: "${version}"\n${leaving}`).scalars.sync_proxy_rules_iptables_total_nat;
    expect(total('1.26')).toBe(5 + 2 + 3);
    expect(total('1.25')).toBe(5);
  });
});

describe('syncs that fail', () => {
  it('are retried after the syncPeriod, and the retry writes everything', () => {
    const failing = `
kubernetes: "1.35"
cluster: { nodes: 5 }
kubeProxy: { syncPeriod: 20s }
services: [{ name: web, count: 50, endpoints: 5 }]
workload:
  - { at: 4s, failSyncs: { nodes: 100%, for: 10s } }
  - { at: 5s, podChange: { service: web, change: notReady } }`;
    const result = run(failing);
    const { scalars } = result;
    expect(scalars.kube_proxy_failed_syncs_total).toBeGreaterThanOrEqual(5);
    // 50 writes come in several syncs, of which each one after the first that failed is full.
    expect(scalars.kube_proxy_full_syncs_total).toBeGreaterThanOrEqual(5);
    const wait = histogram(result, 'stage_proxy_wait_seconds');
    expect(wait.max).toBeGreaterThan(20);
    expect(wait.max).toBeLessThan(21.5);
  });
});

describe('kube-proxies that are restarted', () => {
  const restart = (mode: string): ReplicationMeasurements =>
    run(
      `
kubernetes: "1.33"
cluster: { nodes: 10, zones: 2, nodeSpeedVariation: 0 }
services: [{ name: web, count: 1000, endpoints: 5 }]
workload:
  - { at: 5s, podChange: { service: web, change: notReady } }
  - { at: 60s, restartKubeProxy: { zone: 1, for: 2s } }
  - { at: 120s, restartNodes: { nodes: 3, for: 30s } }`,
      [`kubeProxy.mode=${mode}`],
    );

  it.each(['iptables', 'nftables', 'ipvs'])(
    'have one first sync each, after a restart and after a boot: %s',
    (mode) => {
      const first = histogram(restart(mode), 'kube_proxy_first_sync_seconds');
      expect(first.count).toBe(5 + 3);
      expect(first.min).toBeGreaterThan(0);
    },
  );

  it('in IPVS mode take longer after a boot, when everything has to be loaded', () => {
    const first = histogram(restart('ipvs'), 'kube_proxy_first_sync_seconds');
    // 1,000 virtual servers, 5,000 real servers and 1,000 addresses: about 0.13 s on the reference machine.
    expect(first.max - first.min).toBeGreaterThan(0.1);
  });
});

describe('one word, the version, changes what nodes do', () => {
  const changes = `
cluster: { nodes: 20, nodeSpeedVariation: 0 }
services: [{ name: web, count: 3000, endpoints: 5 }]
workload: [{ at: 10s, churn: { podsPerSecond: 5, for: 60s } }]`;

  it('1.20 writes everything at every sync; 1.35 what changed, and spends a fraction of the CPU', () => {
    const old = run(`kubernetes: "1.20"\n${changes}`).scalars;
    const recent = run(`kubernetes: "1.35"\n${changes}`).scalars;
    expect(old.kube_proxy_full_syncs_total).toBe(old.kube_proxy_syncs_total);
    expect(recent.kube_proxy_full_syncs_total! / recent.kube_proxy_syncs_total!).toBeLessThan(0.05);
    expect(recent.kube_proxy_sync_cpu_seconds_per_node! / old.kube_proxy_sync_cpu_seconds_per_node!).toBeLessThan(0.5);
  });

  it('IPVS syncs at once for every change up to 1.32, and once a second since', () => {
    const syncs = (version: string): number =>
      run(`kubernetes: "${version}"\n${changes}`, ['kubeProxy.mode=ipvs']).scalars.kube_proxy_syncs_total!;
    expect(syncs('1.32') / syncs('1.33')).toBeGreaterThan(2);
  });
});
