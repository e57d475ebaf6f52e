/** Whole runs with services that publish their endpoints in other than the default way. */

import { describe, expect, test } from 'vitest';

import type { Scenario } from '../model/scenario.js';
import { World } from '../model/world.js';
import { parseExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';
import type { ReplicationMeasurements } from './results.js';

function scenario(yaml: string, overrides: readonly string[] = []): Scenario {
  const head = 'apiVersion: kube-headroom/v1\nkind: Scenario\nmetadata: { name: test }\nkubernetes: "1.35"\n';
  return parseExperiment(head + yaml, 'test.yaml', { overrides }).variants[0]!.scenario;
}

const run = (yaml: string, overrides: readonly string[] = []): ReplicationMeasurements =>
  runReplication(scenario(yaml, overrides), 0);

/** One pod of each service changes in this way. */
const podChange = (...changes: readonly string[]): string => `
cluster: { nodes: 6, zones: 3 }
services: [{ name: web, count: 1, endpoints: 12 }]
workload: [${changes.map((change, index) => `{ at: ${10 * (index + 1)}s, podChange: { service: web, change: ${change} } }`).join(', ')}]
`;

/** Bytes of the committed writes, in order of size. */
const writes = ({ scalars }: ReplicationMeasurements): number => scalars.endpoint_writes_total!;

describe('a dual-stack service', () => {
  test('costs a write for each family, the second of which carries longer addresses', () => {
    const single = run(podChange('notReady'));
    const both = run(podChange('notReady'), ['services.web.ipFamilies=[IPv4, IPv6]']);
    expect([writes(single), writes(both)]).toEqual([1, 2]);
    // Twelve addresses that are 25 characters longer, on six nodes; lengths of lengths may add a byte each.
    const longerBytes = both.scalars.watch_bytes_total! - 2 * single.scalars.watch_bytes_total!;
    expect(longerBytes).toBeGreaterThanOrEqual(6 * 12 * 25);
    expect(longerBytes).toBeLessThan(6 * 12 * 27);
  });

  test('has one Endpoints object, of its first family', () => {
    const overrides = ['kubeProxy.discovery=Endpoints', 'services.web.ipFamilies=[IPv6, IPv4]'];
    expect(writes(run(podChange('notReady'), overrides))).toBe(1);
  });

  test('keeps both families in line with its pods through a rolling update and churn', () => {
    const measurements = run(
      `
cluster: { nodes: 20 }
services:
  - { name: web, count: 3, endpoints: 25, ipFamilies: [IPv4, IPv6] }
controlPlane: { controllerManager: { maxEndpointsPerSlice: 10 } }
workload:
  - { at: 1s, rollingUpdate: { service: web } }
  - { at: 30s, churn: { podsPerSecond: 2, for: 20s } }
`,
    );
    // The laws of conservation were checked; the gauges count one of the two families.
    expect(measurements.warnings).toEqual([]);
    expect(measurements.scalars.endpoint_slice_controller_endpoints_desired).toBe(75);
    expect(measurements.scalars.endpoint_slice_controller_desired_endpoint_slices).toBe(9);
    expect(measurements.scalars.endpoint_slice_controller_num_endpoint_slices).toBeGreaterThanOrEqual(9);
  });
});

describe('publishNotReadyAddresses', () => {
  test('writes a pod that turns unready into its slice, but no longer into the Endpoints object', () => {
    const publish = 'services.web.publishNotReadyAddresses=true';
    expect(writes(run(podChange('notReady'), [publish]))).toBe(1);
    expect(writes(run(podChange('notReady'), [publish, 'kubeProxy.discovery=Endpoints']))).toBe(0);
  });
});

describe('a pod that leaves its service by a label and comes back', () => {
  test.each(['EndpointSlice', 'Endpoints'])('%s: is written twice, without a trigger time', (discovery) => {
    const measurements = run(podChange('leave', 'join'), [`kubeProxy.discovery=${discovery}`]);
    expect(writes(measurements)).toBe(2);
    expect(measurements.distributions.network_programming_duration_seconds!.count).toBe(0);
    expect(measurements.distributions.network_programming_true_seconds!.count).toBe(2 * 6);
    expect(measurements.warnings).toEqual([]);
  });

  test('is not replaced by its ReplicaSet, and costs nothing while it is out', () => {
    expect(writes(run(podChange('leave')))).toBe(1);
    // The pod that turns unready is another one: pods that are out are still ready themselves.
    const away = run(podChange('leave', 'leave', 'join', 'join', 'join'));
    expect(writes(away)).toBe(4);
    expect(away.warnings).toEqual(['1 of 1 services of "web" had no pod to bring back into the service.']);
  });

  test('makes no write by its own changes while it is out', () => {
    const one = podChange('leave', 'notReady', 'join').replace('endpoints: 12', 'endpoints: 1');
    // Out; back, not ready.
    const measurements = run(one);
    expect(writes(measurements)).toBe(2);
    expect(measurements.scalars.controller_stale_syncs_total).toBe(0);
  });
});

describe('hints', () => {
  const bytes = (...overrides: readonly string[]): number => {
    const measurements = run(podChange('notReady'), overrides);
    expect(writes(measurements)).toBe(1);
    return measurements.scalars.watch_bytes_total! / 6;
  };

  test('by trafficDistribution make a slice larger, one ready endpoint at a time, and cost no write', () => {
    const plain = bytes();
    // A zone name of 10 and 6 bytes around it; 11 endpoints are ready.
    expect(bytes('services.web.trafficDistribution=PreferSameZone') - plain).toBe(11 * 16);
    expect(bytes('services.web.trafficDistribution=PreferClose') - plain).toBe(11 * 16);
    // A node name of 27 and 4 bytes around it, in the same message.
    expect(bytes('services.web.trafficDistribution=PreferSameNode') - plain).toBe(11 * (16 + 31));
  });

  test('are not in Endpoints objects', () => {
    const endpoints = 'kubeProxy.discovery=Endpoints';
    expect(bytes(endpoints, 'services.web.trafficDistribution=PreferSameZone')).toBe(bytes(endpoints));
  });

  test('by topologyMode Auto are lost by all slices when one of twelve pods is not ready, and come back', () => {
    const slices = 'controlPlane.controllerManager.maxEndpointsPerSlice=4';
    expect(writes(run(podChange('notReady', 'ready'), [slices]))).toBe(2);
    expect(writes(run(podChange('notReady', 'ready'), [slices, 'services.web.topologyMode=Auto']))).toBe(6);
  });

  test('by topologyMode Auto survive a rolling update', () => {
    const measurements = run(
      `
cluster: { nodes: 30, zones: 3 }
services: [{ name: web, count: 2, endpoints: 60, topologyMode: Auto }]
controlPlane: { controllerManager: { maxEndpointsPerSlice: 20 } }
workload: [{ at: 1s, rollingUpdate: { service: web } }]
`,
    );
    expect(measurements.warnings).toEqual([]);
    expect(measurements.scalars.endpoint_slice_controller_endpoints_desired).toBe(120);
  });

  test('leave a service alone that is not overloaded when nodes change', () => {
    const world = new World(scenario(podChange('notReady'), ['services.web.topologyMode=Auto']), 0);
    world.nodesChanged();
    world.run();
    expect(world.log.length).toBe(1);
  });
});

describe('what a version does not have is refused', () => {
  test.each([
    ['1.30', 'trafficDistribution: PreferClose', '1.31'],
    ['1.33', 'trafficDistribution: PreferSameNode', '1.34'],
    ['1.33', 'trafficDistribution: PreferSameZone', '1.34'],
    ['1.23', 'topologyMode: Auto', '1.24'],
    ['1.20', 'ipFamilies: [IPv4, IPv6]', '1.21'],
  ])('%s: %s', (version, setting, since) => {
    const at = (kubernetes: string) => () =>
      scenario(podChange('notReady').replace('endpoints: 12', `endpoints: 12, ${setting}`), [
        `kubernetes=${kubernetes}`,
      ]);
    expect(at(version)).toThrow(`from ${since} on`);
    expect(at(since)).not.toThrow();
  });

  test('settings of pods for a service whose endpoints are written by hand', () => {
    const handWritten = podChange('notReady')
      .replace('endpoints: 12', 'endpoints: 12, selector: false')
      .replace(/podChange: .*? } }/, 'editEndpoints: { service: web, replace: 1 } }');
    expect(() => scenario(handWritten)).not.toThrow();
    for (const setting of ['publishNotReadyAddresses=true', 'ipFamilies=[IPv6]', 'topologyMode=Auto']) {
      expect(() => scenario(handWritten, [`services.web.${setting}`])).toThrow('has no effect');
    }
  });

  test('families that are none, or twice the same', () => {
    for (const families of ['[]', '[IPv4, IPv4]', '[IPv6, IPv4, IPv6]']) {
      expect(() => scenario(podChange('notReady'), [`services.web.ipFamilies=${families}`])).toThrow(
        'one family, or two',
      );
    }
  });
});
