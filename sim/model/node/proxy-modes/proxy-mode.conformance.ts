/**
 * What every proxy mode must hold to, whatever it counts and whatever its syncs cost.
 *
 *   service shapes x usable endpoints --> tables of many services --> syncs of every kind
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLUSTER_IP,
  servicePorts,
  type ServiceShape,
  usesClusterEndpoints,
  usesLocalEndpoints,
} from '../../cluster/service-shape.js';
import { type EndpointCounts, type ProxyMode, SyncKind, type SyncWork } from './proxy-mode.js';

/** Around the thresholds that modes have; the last is beyond every cluster that anybody has described. */
const ENDPOINTS = [0, 1, 2, 3, 20, 1000, 1001, 1_000_000];
const SERVICES = [0, 1, 10, 1000, 5000, 50_000];
const KINDS = Object.values(SyncKind);

/** All combinations of what a shape can be that decide anything, in a type that is possible. */
const shapes: fc.Arbitrary<ServiceShape> = fc
  .record({
    type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const),
    ports: fc.integer({ min: 1, max: 4 }),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
    internalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    externalTrafficPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    sessionAffinity: fc.constantFrom('None' as const, 'ClientIP' as const),
    externalIPs: fc.nat(3),
    loadBalancerIPs: fc.nat(2),
    loadBalancerSourceRanges: fc.nat(4),
    allocateLoadBalancerNodePorts: fc.boolean(),
  })
  .map((shape) =>
    shape.type === 'LoadBalancer' ? shape : { ...shape, loadBalancerIPs: 0, loadBalancerSourceRanges: 0 },
  );

/** Endpoints that `shape` can have on a node: no more in one set than in the union, none in a set without traffic. */
const endpointsOf = (shape: ServiceShape, clusterEndpoints: number, localEndpoints: number): EndpointCounts => {
  const cluster = usesClusterEndpoints(shape) ? clusterEndpoints : 0;
  const local = usesLocalEndpoints(shape) ? Math.min(localEndpoints, clusterEndpoints) : 0;
  return { cluster, local, reachable: Math.max(cluster, local), isAnywhere: clusterEndpoints > 0 };
};

const services: fc.Arbitrary<{ readonly shape: ServiceShape; readonly endpoints: EndpointCounts }> = fc
  .record({ shape: shapes, cluster: fc.constantFrom(...ENDPOINTS), local: fc.nat(30) })
  .map(({ shape, cluster, local }) => ({ shape, endpoints: endpointsOf(shape, cluster, local) }));

const clusterIpEndpoints = (endpoints: number): EndpointCounts => endpointsOf(CLUSTER_IP, endpoints, 0);

const countsOf = (mode: ProxyMode, shape: ServiceShape, endpoints: EndpointCounts): Float64Array => {
  // What stands there before must not matter.
  const counts = new Float64Array(mode.quantities.length).fill(Number.NaN);
  mode.count(shape, endpoints, counts);
  return counts;
};

/** Tables of so many services of one kind. */
const tablesOf = (mode: ProxyMode, count: number, shape: ServiceShape, endpoints: EndpointCounts): Float64Array =>
  countsOf(mode, shape, endpoints).map((quantity) => quantity * count);

const workOf = (tables: Float64Array, change: Partial<SyncWork> = {}): SyncWork => ({
  kind: SyncKind.partial,
  tables,
  changedServices: 0,
  changedLines: 0,
  changedEndpoints: 0,
  goneEndpoints: 0,
  staleEndpoints: 0,
  cleansUp: false,
  ...change,
});

/** The change of `count` services of one kind, each by one endpoint. */
const changeOf = (mode: ProxyMode, count: number, shape: ServiceShape, endpoints: EndpointCounts) => ({
  changedServices: count * servicePorts(shape),
  changedLines: count * mode.linesOfChangedService(shape, endpoints),
  changedEndpoints: count * servicePorts(shape),
  goneEndpoints: count * servicePorts(shape),
  staleEndpoints: count * servicePorts(shape),
});

export function proxyModeConformance(name: string, create: () => ProxyMode): void {
  describe(`proxy mode ${name}`, () => {
    const mode = create();

    it('names what it counts, each once', () => {
      expect(mode.quantities.length).toBeGreaterThan(0);
      expect(new Set(mode.quantities).size).toBe(mode.quantities.length);
    });

    it('counts every quantity of every shape, in whole numbers from zero', () => {
      fc.assert(
        fc.property(services, ({ shape, endpoints }) => {
          for (const quantity of countsOf(mode, shape, endpoints)) {
            expect(Number.isSafeInteger(quantity) && quantity >= 0).toBe(true);
          }
          const lines = mode.linesOfChangedService(shape, endpoints);
          expect(Number.isSafeInteger(lines) && lines >= 0).toBe(true);
        }),
      );
    });

    it('counts each further port of a service like the second, which makes no more than the first', () => {
      fc.assert(
        fc.property(services, ({ shape, endpoints }) => {
          const withPorts = (ports: number): Float64Array => countsOf(mode, { ...shape, ports }, endpoints);
          const [one, two, five] = [withPorts(1), withPorts(2), withPorts(5)];
          for (const [quantity, amount] of one.entries()) {
            const further = two[quantity]! - amount;
            expect(further).toBeGreaterThanOrEqual(0);
            expect(further).toBeLessThanOrEqual(amount);
            expect(five[quantity]).toBe(amount + 4 * further);
          }
          const linesOf = (ports: number): number => mode.linesOfChangedService({ ...shape, ports }, endpoints);
          expect(linesOf(5)).toBe(5 * linesOf(1));
        }),
      );
    });

    it.each(['Headless', 'ExternalName'] as const)('makes nothing of a service of type %s', (type) => {
      fc.assert(
        fc.property(services, ({ shape, endpoints }) => {
          expect(countsOf(mode, { ...shape, type }, endpoints)).toEqual(new Float64Array(mode.quantities.length));
          expect(mode.linesOfChangedService({ ...shape, type }, endpoints)).toBe(0);
        }),
      );
    });

    it('says the same when asked again, and does not keep what it was asked', () => {
      fc.assert(
        fc.property(services, fc.constantFrom(...KINDS), fc.boolean(), ({ shape, endpoints }, kind, cleansUp) => {
          const other = create();
          const tables = tablesOf(mode, 100, shape, endpoints);
          const work = workOf(tables, { ...changeOf(mode, 3, shape, endpoints), kind, cleansUp });
          expect(tablesOf(other, 100, shape, endpoints)).toEqual(tables);
          expect([mode.syncNs(work), mode.syncNs(work)]).toEqual([other.syncNs(work), other.syncNs(work)]);
          expect(tables).toEqual(tablesOf(mode, 100, shape, endpoints));
        }),
      );
    });

    it('takes whole, positive nanoseconds for syncs of every kind and size', () => {
      for (const kind of KINDS) {
        for (const cleansUp of [false, true]) {
          for (const count of SERVICES) {
            for (const endpoints of ENDPOINTS.map(clusterIpEndpoints)) {
              const tables = tablesOf(mode, count, CLUSTER_IP, endpoints);
              for (const changed of new Set([0, 1, count])) {
                const change = changeOf(mode, changed, CLUSTER_IP, endpoints);
                const durationNs = mode.syncNs(workOf(tables, { ...change, kind, cleansUp }));
                expect(Number.isInteger(durationNs) && durationNs > 0).toBe(true);
              }
            }
          }
        }
      }
    });

    it('takes no less time for larger tables', () => {
      fc.assert(
        fc.property(services, fc.constantFrom(...KINDS), fc.boolean(), ({ shape, endpoints }, kind, cleansUp) => {
          let previousNs = 0;
          for (const count of SERVICES) {
            const durationNs = mode.syncNs(workOf(tablesOf(mode, count, shape, endpoints), { kind, cleansUp }));
            expect(durationNs).toBeGreaterThanOrEqual(previousNs);
            previousNs = durationNs;
          }
        }),
      );
    });

    it('takes no less time for more endpoints', () => {
      for (const kind of KINDS) {
        for (const count of SERVICES) {
          let previousNs = 0;
          for (const endpoints of ENDPOINTS.slice(1).map(clusterIpEndpoints)) {
            const durationNs = mode.syncNs(workOf(tablesOf(mode, count, CLUSTER_IP, endpoints), { kind }));
            expect(durationNs).toBeGreaterThanOrEqual(previousNs);
            previousNs = durationNs;
          }
        }
      }
    });

    it('takes no less time when more has changed', () => {
      fc.assert(
        fc.property(services, fc.boolean(), ({ shape, endpoints }, cleansUp) => {
          const tables = tablesOf(mode, 5000, shape, endpoints);
          let previousNs = 0;
          for (const changed of [0, 1, 2, 50, 1000, 5000]) {
            const durationNs = mode.syncNs(workOf(tables, { ...changeOf(mode, changed, shape, endpoints), cleansUp }));
            expect(durationNs).toBeGreaterThanOrEqual(previousNs);
            previousNs = durationNs;
          }
        }),
      );
    });

    it('takes no longer for a partial sync of a small change than for a full or a first one', () => {
      for (const cleansUp of [false, true]) {
        for (const count of SERVICES.slice(1)) {
          for (const endpoints of [1, 5, 20].map(clusterIpEndpoints)) {
            const tables = tablesOf(mode, count, CLUSTER_IP, endpoints);
            const durationNs = (kind: SyncKind): number =>
              mode.syncNs(workOf(tables, { ...changeOf(mode, 1, CLUSTER_IP, endpoints), kind, cleansUp }));
            expect(durationNs(SyncKind.partial)).toBeLessThanOrEqual(durationNs(SyncKind.full));
            expect(durationNs(SyncKind.partial)).toBeLessThanOrEqual(durationNs(SyncKind.first));
          }
        }
      }
    });

    it('answers whether a sync looks for unused rules, at any size, and goes on to once it has', () => {
      for (const endpoints of ENDPOINTS.map(clusterIpEndpoints)) {
        const tables = tablesOf(mode, 1, CLUSTER_IP, endpoints);
        const answers = [0, 1, 30e9, 30e9 + 1, 3600e9, Infinity].map((sinceNs) => mode.cleansUp(tables, sinceNs));
        expect(answers).toEqual([...answers].sort((a, b) => Number(a) - Number(b)));
      }
    });
  });
}
