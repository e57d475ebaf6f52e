import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStreams } from '../../../../kernel/random.js';
import { type Connection, NO_ENDPOINT, UserspaceLoadBalancer } from './userspace-load-balancer.js';

const hash = new RandomStreams(1, 0).hash('userspace endpoints');
const HOUR = 3600e9;

const balancerOf = (endpoints: readonly number[], affinityTimeoutNs: number | null = null, entity = 1) => {
  const balancer = new UserspaceLoadBalancer(hash, entity, affinityTimeoutNs);
  balancer.update(endpoints);
  return balancer;
};
const picksOf = (balancer: UserspaceLoadBalancer, flows: number): number[] =>
  Array.from({ length: flows }, (_, client) => balancer.pick(client, 0));

describe('by turns', () => {
  it('has nothing without endpoints', () => {
    expect(new UserspaceLoadBalancer(hash, 1).pick(1, 0)).toBe(NO_ENDPOINT);
    const balancer = balancerOf([1]);
    balancer.update([]);
    expect(balancer.pick(1, 0)).toBe(NO_ENDPOINT);
  });

  it('goes round the shuffled list', () => {
    const balancer = balancerOf([1, 2, 3, 4]);
    const order = balancer.endpoints;
    expect(new Set(order)).toEqual(new Set([1, 2, 3, 4]));
    expect(picksOf(balancer, 10)).toEqual([...order, ...order, ...order.slice(0, 2)]);
  });

  it('goes on after an update with the same endpoints, in whatever order', () => {
    const balancer = balancerOf([1, 2, 3, 4]);
    const order = balancer.endpoints;
    picksOf(balancer, 2);
    balancer.update([4, 3, 2, 1]);
    expect(picksOf(balancer, 2)).toEqual(order.slice(2));
  });

  it('begins a new order when the endpoints change', () => {
    const balancer = balancerOf([1, 2, 3, 4]);
    picksOf(balancer, 3);
    balancer.update([1, 2, 3, 5]);
    expect(picksOf(balancer, 4)).toEqual(balancer.endpoints);
  });

  it('shuffles evenly, and each node by itself', () => {
    const first = [0, 0, 0];
    for (let entity = 0; entity < 3000; entity++) first[balancerOf([0, 1, 2], null, entity).pick(1, 0)]!++;
    for (const nodes of first) expect(Math.abs(nodes - 1000)).toBeLessThan(100);
  });

  it('depends on what the endpoints are, not on the order in which they are given', () => {
    expect(balancerOf([3, 1, 2]).endpoints).toEqual(balancerOf([2, 3, 1]).endpoints);
  });

  it('gives every endpoint its turn between two changes', () => {
    const endpoints = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(endpoints, { minLength: 1, maxLength: 5 }), (sets) => {
        const balancer = new UserspaceLoadBalancer(hash, 3);
        for (const set of sets) {
          balancer.update(set);
          // From anywhere in the list on.
          picksOf(balancer, Math.floor(set.length / 2));
          const picks = picksOf(balancer, set.length);
          expect(new Set(picks)).toEqual(new Set(set));
        }
      }),
    );
  });
});

describe('affinity ClientIP', () => {
  it('binds a client from its first flow on, for three hours after its last', () => {
    const balancer = balancerOf([1, 2, 3], 0);
    const endpoint = balancer.pick(7, 0);
    balancer.pick(8, 0);
    expect(balancer.pick(7, 2.9 * HOUR)).toBe(endpoint);
    expect(balancer.pick(7, 5.8 * HOUR)).toBe(endpoint);
    // The time-out itself is too late.
    expect(balancer.pick(7, 8.8 * HOUR)).not.toBe(endpoint);
  });

  it('goes with the endpoint', () => {
    const balancer = balancerOf([1, 2, 3], HOUR);
    const endpoint = balancer.pick(7, 0);
    const other = balancer.pick(8, 0);
    balancer.update([1, 2, 3].filter((one) => one !== endpoint));
    expect(balancer.clients).toBe(1);
    expect(balancer.pick(8, 1)).toBe(other);
    expect(balancer.pick(7, 1)).not.toBe(endpoint);
    balancer.update([1, 2, 3]);
    expect(balancer.clients).toBe(2);
  });

  it('forgets clients that have not come for long', () => {
    const balancer = balancerOf([1, 2, 3], HOUR);
    balancer.pick(7, 0);
    balancer.pick(8, 1);
    balancer.forgetClients(HOUR);
    expect(balancer.clients).toBe(1);
  });

  it('is not kept without affinity', () => {
    const balancer = balancerOf([1, 2, 3]);
    picksOf(balancer, 10);
    expect(balancer.clients).toBe(0);
  });
});

describe('connecting', () => {
  const connect = (balancer: UserspaceLoadBalancer, dial: (endpoint: number) => number, client = 7): Connection => {
    const connection = { endpoint: 0, delayNs: 0, attempts: 0 };
    balancer.connect(client, 0, dial, connection);
    return connection;
  };

  it('takes the time of the endpoint that answers', () => {
    expect(connect(balancerOf([5]), () => 1e6)).toEqual({ endpoint: 5, delayNs: 1e6, attempts: 1 });
  });

  it('passes over endpoints that refuse or are silent', () => {
    const balancer = balancerOf([1, 2, 3]);
    const [first, second, third] = balancer.endpoints;
    const connection = connect(balancer, (endpoint) =>
      endpoint === first ? Infinity : endpoint === second ? -2e6 : 1e6,
    );
    expect(connection).toEqual({ endpoint: third, delayNs: 250e6 + 2e6 + 1e6, attempts: 3 });
  });

  it('gives up after four attempts', () => {
    expect(connect(balancerOf([1, 2, 3, 4, 5]), () => Infinity)).toEqual({
      endpoint: NO_ENDPOINT,
      delayNs: 3750e6,
      attempts: 4,
    });
    expect(connect(balancerOf([]), () => 1)).toEqual({ endpoint: NO_ENDPOINT, delayNs: 0, attempts: 0 });
  });

  it('reaches one that answers late in an attempt that waits longer', () => {
    expect(connect(balancerOf([1]), () => 0.7e9)).toEqual({ endpoint: 1, delayNs: 1.45e9, attempts: 3 });
  });

  it('binds a client to the endpoint that answered', () => {
    const balancer = balancerOf([1, 2], HOUR);
    const [dead, alive] = balancer.endpoints;
    expect(connect(balancer, (endpoint) => (endpoint === dead ? Infinity : 1)).endpoint).toBe(alive);
    expect(balancer.pick(7, 1)).toBe(alive);
    expect(balancer.pick(7, 2)).toBe(alive);
  });
});
