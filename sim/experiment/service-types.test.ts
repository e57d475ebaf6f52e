/** Types of services, several ports and node ports through whole replications. */

import { describe, expect, test } from 'vitest';

import type { MetricName } from '../metrics.js';
import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

const NODES = 20;

function run(
  services: readonly string[],
  workload: string,
  overrides: readonly string[] = [],
  replication = 0,
): ReplicationMeasurements {
  const text = `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: ${NODES} }
services:
${services.map((service) => `  - { ${service} }`).join('\n')}
workload:
  - { at: 1s, ${workload} }
`;
  return runReplication(parseExperiment(text, 'test.yaml', { overrides }).variants[0]!.scenario, replication);
}

const count = (measurements: ReplicationMeasurements, metric: MetricName): number =>
  Histogram.fromSparse(measurements.distributions[metric]!).count;

const WEB = 'name: web, endpoints: 10';

describe.each(['EndpointSlice', 'Endpoints'])('headless services, with discovery by %s', (discovery) => {
  const overrides = [`kubeProxy.discovery=${discovery}`];
  const update = 'rollingUpdate: { service: db }';
  const headless = run(['name: db, endpoints: 10, type: Headless'], update, overrides);
  const clusterIP = run(['name: db, endpoints: 10'], update, overrides);

  test('have the same writes as others, of which no node hears', () => {
    const { scalars } = headless;
    expect(scalars.endpoint_writes_total).toBe(clusterIP.scalars.endpoint_writes_total);
    expect(scalars.endpoint_writes_total).toBeGreaterThan(0);
    expect(count(headless, 'endpoint_object_bytes')).toBe(scalars.endpoint_writes_total);
    expect([scalars.watch_events_total, scalars.watch_bytes_total, headless.deliveries]).toEqual([0, 0, 0]);
    expect(count(headless, 'network_programming_true_seconds')).toBe(0);
  });

  test('say why there is no latency', () => {
    expect(headless.warnings).toEqual([expect.stringContaining('Only endpoint objects of headless services')]);
  });

  test('leave the writes of others alone, each of which reaches every node', () => {
    const { scalars, warnings } = run(
      [WEB, 'name: db, endpoints: 10, type: Headless'],
      'rollingUpdate: { service: web }',
      overrides,
    );
    expect(scalars.watch_events_total).toBe(NODES * scalars.endpoint_writes_total!);
    expect(scalars.watch_events_total).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
  });
});

test.each([
  ['iptables', 'sync_proxy_rules_iptables_total_nat'],
  ['nftables', 'nftables_elements_total'],
  ['ipvs', 'ipvs_virtual_servers_total'],
] as const)('headless services and ExternalName make no rules in %s mode', (mode, metric) => {
  const overrides = [`kubeProxy.mode=${mode}`];
  const update = 'rollingUpdate: { service: web }';
  const others = [
    'name: db, count: 3, endpoints: 10, type: Headless',
    'name: mail, count: 4, endpoints: 0, type: ExternalName',
  ];
  const alone = run([WEB], update, overrides);
  const among = run([WEB, ...others], update, overrides);
  expect(among.scalars[metric]).toBe(alone.scalars[metric]);
  expect(among.scalars[metric]).toBeGreaterThan(0);
});

test('ExternalName services have no slices, not even after a resync', () => {
  const overrides = ['duration=3m', 'controlPlane.controllerManager.minResyncPeriod=30s'];
  const { scalars } = run(
    [WEB, 'name: mail, count: 4, endpoints: 0, type: ExternalName'],
    'rollingUpdate: { service: web }',
    overrides,
  );
  expect(scalars.endpoint_slice_controller_num_endpoint_slices).toBe(1);
});

describe('several ports', () => {
  const update = 'rollingUpdate: { service: web }';

  test.each([
    ['iptables', 'sync_proxy_rules_iptables_total_nat', 2 + 3 * 10],
    ['ipvs', 'ipvs_virtual_servers_total', 1],
    ['ipvs', 'ipvs_real_servers_total', 10],
    // Two rules for each endpoint, the masquerade and the choice.
    ['nftables', 'nftables_rules_total', 2 * 10 + 2],
    ['nftables', 'nftables_elements_total', 1],
  ] as const)('%s: %s grows by %d with each port', (mode, metric, growth) => {
    const [one, three] = [1, 3].map(
      (ports) => run([`${WEB}, ports: ${ports}`], update, [`kubeProxy.mode=${mode}`]).scalars[metric]!,
    );
    expect(three! - one!).toBe(2 * growth);
  });

  test.each(['', 'selector: false, '])('make larger objects ({ %s})', (selector) => {
    const workload = selector === '' ? update : 'editEndpoints: { service: web, to: 12 }';
    const [one, three] = [1, 3].map((ports) => {
      const { scalars } = run([`${selector}${WEB}, ports: ${ports}`], workload);
      return scalars.watch_bytes_total! / scalars.watch_events_total!;
    });
    // Three ports of 19 bytes in place of one of 12 (varints of the messages around may add some).
    expect(three! - one!).toBeGreaterThanOrEqual(3 * 19 - 12);
    expect(three! - one!).toBeLessThanOrEqual(3 * 19 - 12 + 4);
  });
});

describe('node ports', () => {
  const update = 'rollingUpdate: { service: web }';

  test('are not counted where there are none', () => {
    expect(run([WEB], update).scalars.node_ports_allocated).toBeUndefined();
  });

  test('are one for each port, and one for health checks under policy Local', () => {
    const { scalars } = run(
      [
        WEB,
        'name: a, count: 5, endpoints: 1, type: NodePort, ports: 2',
        'name: b, count: 3, endpoints: 1, type: LoadBalancer, externalTrafficPolicy: Local',
        'name: c, endpoints: 1, type: LoadBalancer, allocateLoadBalancerNodePorts: false',
      ],
      update,
    );
    expect(scalars.node_ports_allocated).toBe(16);
    expect(scalars.node_ports_range_utilization).toBe(16 / 2768);
    expect(scalars.node_port_refusal_probability).toBeUndefined();
  });

  test('of a service that is created belong to it from then on', () => {
    const services = [WEB, 'name: new, endpoints: 1, type: NodePort'];
    expect(run(services, 'createService: { service: new }').scalars.node_ports_allocated).toBe(1);
    const late = ['duration=30s', 'workload[1]={at: 20s, createService: {service: new}}'];
    expect(run(services, update, late).scalars.node_ports_allocated).toBe(1);
    // Who comes first has the choice of all ports.
    const chosen = [
      WEB,
      'name: new, endpoints: 1, type: NodePort, manualNodePorts: true',
      'name: old, count: 100, endpoints: 1, type: NodePort',
    ];
    expect(run(chosen, update).scalars.node_port_refusal_probability).toBe(0);
    expect(run(chosen, 'createService: { service: new }').scalars.node_port_refusal_probability).toBeCloseTo(
      100 / 2768,
      14,
    );
  });

  test('that people choose meet as often as the probability says', () => {
    const services = ['name: web, count: 63, endpoints: 1, type: NodePort, manualNodePorts: true'];
    const first = run(services, 'scale: { service: web, to: 1 }');
    // The smallest number of choices in the default range that collide as likely as not.
    expect(first.scalars.node_port_refusal_probability).toBeCloseTo(0.5088151656495, 12);
    const refused = Array.from(
      { length: 30 },
      (_, replication) =>
        run(services, 'scale: { service: web, to: 1 }', [], replication).scalars.node_port_choices_refused_total!,
    );
    const met = refused.filter((choices) => choices > 0).length;
    // Within three standard errors of a half.
    expect(Math.abs(met / 30 - 0.509)).toBeLessThan(0.28);
  });
});
