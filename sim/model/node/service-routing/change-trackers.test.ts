import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EndpointsChangeTracker, type WatchedSlice } from './endpoint-change-tracker.js';
import { ServiceChangeTracker, type WatchedService } from './service-change-tracker.js';
import { endpointsOfSlices, socketText, type SliceEndpoint } from './slice-endpoints.js';

interface SliceCase {
  readonly number: number;
  readonly block: number;
  readonly endpoints: number;
  readonly nodes: readonly string[];
  readonly ports: readonly number[];
  readonly addressType?: 'FQDN';
}
interface Cases {
  readonly triggers: readonly {
    readonly name: string;
    readonly operations: readonly (readonly ['write' | 'delete', string, number | null])[];
    readonly expected: Readonly<Record<string, readonly number[]>>;
  }[];
  readonly slices: readonly {
    readonly name: string;
    readonly applied: readonly SliceCase[];
    readonly slice: SliceCase;
    readonly isDeleted: boolean;
    readonly expected: Readonly<Record<string, readonly [endpoints: number, local: number]>> | null;
  }[];
}
const cases = JSON.parse(readFileSync(new URL('change-trackers.cases.json', import.meta.url), 'utf8')) as Cases;

const endpoint = (address: string, given: Partial<SliceEndpoint> = {}): SliceEndpoint => ({
  addresses: [address],
  nodeName: 'here',
  ready: null,
  serving: null,
  terminating: null,
  zoneHints: [],
  nodeHints: [],
  ...given,
});
const sliceOf = ({ number, block, endpoints, nodes, ports, addressType }: SliceCase): WatchedSlice => ({
  service: 'a',
  name: `a-${number}`,
  addressType: addressType ?? 'IPv4',
  ports: ports.map((port) => ({ name: `p-${port}`, port })),
  endpoints: Array.from({ length: endpoints }, (_, k) =>
    endpoint(`10.0.${block}.${k + 1}`, { nodeName: nodes[k % nodes.length]! }),
  ),
  triggerNs: null,
});

describe('TestLastChangeTriggerTime (Kubernetes pkg/proxy/endpointschangetracker_test.go)', () => {
  const start = 1e9;

  it.each(cases.triggers)('$name', ({ operations, expected }) => {
    const tracker = new EndpointsChangeTracker('IPv4', 'here', start);
    for (const [operation, service, trigger] of operations) {
      const slice = sliceOf({ number: 1, block: 1, endpoints: 1, nodes: ['here'], ports: [80] });
      const written = { ...slice, service, triggerNs: trigger === null ? null : start + trigger };
      if (operation === 'write') tracker.written(written);
      else tracker.deleted(written);
    }
    const found = [...tracker.checkout().triggersNs].map(([service, times]) => [service, times.map((t) => t - start)]);
    expect(Object.fromEntries(found)).toEqual(expected);
    expect(tracker.checkout().triggersNs.size).toBe(0);
  });
});

describe('TestEndpointSliceUpdate (same file)', () => {
  it.each(cases.slices)('$name', ({ applied, slice, isDeleted, expected }) => {
    const tracker = new EndpointsChangeTracker('IPv4', 'here', 0);
    for (const one of applied) expect(tracker.written(sliceOf(one))).toBe(true);
    tracker.checkout();
    const isChange = isDeleted ? tracker.deleted(sliceOf(slice)) : tracker.written(sliceOf(slice));
    expect(isChange).toBe(expected !== null);
    expect(tracker.pendingServices).toBe(expected === null ? 0 : 1);
    const byPort = [...(tracker.checkout().endpoints.get('a') ?? [])].map(([port, endpoints]) => [
      port.slice('p-'.length),
      [endpoints.length, endpoints.filter(({ isLocal }) => isLocal).length],
    ]);
    expect(Object.fromEntries(byPort)).toEqual(expected ?? {});
  });

  it('compares with what is pending before what is applied', () => {
    const tracker = new EndpointsChangeTracker('IPv4', 'here', 0);
    const three = sliceOf({ number: 1, block: 1, endpoints: 3, nodes: ['here'], ports: [80] });
    const four = sliceOf({ number: 1, block: 1, endpoints: 4, nodes: ['here'], ports: [80] });
    tracker.written(three);
    tracker.checkout();
    expect([tracker.written(four), tracker.written(four), tracker.written(three)]).toEqual([true, false, true]);
    expect([tracker.deleted(three), tracker.deleted(three)]).toEqual([true, false]);
    expect([...tracker.checkout().endpoints.get('a')!]).toEqual([]);
  });
});

describe('endpoints put together from slices', () => {
  const slice = (endpoints: readonly SliceEndpoint[]) => ({
    addressType: 'IPv4' as const,
    ports: [{ name: '', port: 80 }],
    endpoints,
  });
  const merge = (...endpoints: readonly (readonly SliceEndpoint[])[]) =>
    endpointsOfSlices(endpoints.map(slice), 'IPv4', 'here').get('')!;

  it('fills in conditions that are not set', () => {
    expect(merge([endpoint('10.0.0.1')])).toEqual([
      {
        address: '10.0.0.1',
        port: 80,
        isReady: true,
        isServing: true,
        isTerminating: false,
        isLocal: true,
        zoneHints: [],
        nodeHints: [],
      },
    ]);
  });

  it('are sorted as texts, and only the first address of each counts', () => {
    const found = merge([endpoint('10.0.0.9'), endpoint('10.0.0.10', { addresses: ['10.0.0.10', '10.0.0.1'] })]);
    expect(found.map(socketText)).toEqual(['10.0.0.10:80', '10.0.0.9:80']);
    expect(merge([endpoint('', { addresses: [] }), endpoint('2001:db8::1')])).toEqual([]);
  });

  it('prefers of equal addresses the one that does not end, then the one on this node, in any order', () => {
    const ends = endpoint('10.0.0.1', { terminating: true, ready: false });
    const stays = endpoint('10.0.0.1', { nodeName: 'there' });
    const here = endpoint('10.0.0.1');
    for (const pair of [[[ends], [stays]] as const, [[stays], [ends]] as const]) {
      expect(merge(...pair).map(({ isTerminating, isLocal }) => [isTerminating, isLocal])).toEqual([[false, false]]);
    }
    for (const pair of [[[here], [stays]] as const, [[stays], [here]] as const]) {
      expect(merge(...pair).map(({ isLocal }) => isLocal)).toEqual([true]);
    }
  });
});

const service = (name: string, given: Partial<WatchedService> & { count?: number } = {}): WatchedService => {
  const { count = 1, ...fields } = given;
  return {
    name,
    type: 'ClusterIP',
    clusterIP: '172.16.55.4',
    ports: Array.from({ length: count }, (_, k) => ({ name: `p${k}`, protocol: 'TCP' as const, port: 1000 + k })),
    healthCheckNodePort: null,
    ...fields,
  };
};

describe('TestBuildServiceMap... (Kubernetes pkg/proxy/iptables/proxier_test.go)', () => {
  it('AddRemove: counts service ports, and knows the health check port of a load balancer', () => {
    const tracker = new ServiceChangeTracker();
    const services = [
      service('cluster-ip', { count: 3 }),
      service('node-port', { type: 'NodePort', count: 3 }),
      service('load-balancer', { type: 'LoadBalancer', count: 2 }),
      service('only-local', { type: 'LoadBalancer', count: 2, healthCheckNodePort: 345 }),
    ];
    for (const one of services) expect(tracker.written(one)).toBe(true);
    expect(tracker.servicePorts).toBe(0);
    tracker.checkout();
    expect([tracker.servicePorts, [...tracker.healthCheckNodePorts()]]).toEqual([10, [['only-local', 345]]]);

    tracker.written(service('cluster-ip', { count: 1 }));
    for (const gone of services.slice(1)) tracker.deleted(gone);
    tracker.checkout();
    expect([tracker.servicePorts, tracker.healthCheckNodePorts().size]).toEqual([1, 0]);
  });

  it.each([
    { test: 'ServiceTypeExternalName', given: { type: 'ExternalName' } as const },
    { test: 'ServiceHeadless', given: { clusterIP: 'None' } },
  ])('$test: no rules are made, and nothing is pending', ({ given }) => {
    const tracker = new ServiceChangeTracker();
    expect(tracker.written(service('a', given))).toBe(false);
    tracker.checkout();
    expect(tracker.servicePorts).toBe(0);
  });

  it('ServiceUpdate: a service that turns into a load balancer and back', () => {
    const tracker = new ServiceChangeTracker();
    const before = service('a', { count: 2 });
    const after = service('a', { type: 'LoadBalancer', count: 2, healthCheckNodePort: 345 });
    const steps = [before, after, after, before];
    const seen = steps.map((step) => {
      const isPending = tracker.written(step);
      tracker.checkout();
      return [isPending, tracker.servicePorts, tracker.healthCheckNodePorts().size];
    });
    expect(seen).toEqual([
      [true, 2, 0],
      [true, 2, 1],
      [false, 2, 1],
      [true, 2, 0],
    ]);
  });
});

describe('service changes', () => {
  it('that are taken back before a sync are none, but others stay pending', () => {
    const tracker = new ServiceChangeTracker();
    expect([tracker.written(service('a')), tracker.deleted(service('a'))]).toEqual([true, false]);
    tracker.written(service('b'));
    expect(tracker.deleted(service('a'))).toBe(true);
    expect(tracker.pendingServices).toBe(1);
  });

  it('tell which protocols the changed services have or had', () => {
    const tracker = new ServiceChangeTracker();
    const udp = service('dns', { ports: [{ name: 'dns', protocol: 'UDP', port: 53 }] });
    tracker.written(udp);
    expect([...tracker.checkout()]).toEqual(['UDP']);
    tracker.written(service('dns'));
    expect([...tracker.checkout()]).toEqual(['UDP', 'TCP']);
    tracker.written(service('web'));
    expect([...tracker.checkout()]).toEqual(['TCP']);
  });
});
