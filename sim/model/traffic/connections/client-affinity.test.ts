import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStreams } from '../../../kernel/random.js';
import { estimateMean } from '../../../stats/estimate.js';
import { NO_POD } from '../../cluster/pods.js';
import { AFFINITY_RULES } from '../../versions/affinity-rules.js';
import { affinityVariation, createClientAffinity, EndpointLists, podsOfClient } from './client-affinity.js';

const cases = JSON.parse(readFileSync(new URL('client-affinity.cases.json', import.meta.url), 'utf8')) as {
  readonly variation: readonly { readonly pods: number; readonly clients: number; readonly variation: number }[];
  readonly oneAddress: readonly { readonly pods: number }[];
  readonly entryNodes: readonly { readonly pods: number; readonly entryNodes: number; readonly podsOfClient: number }[];
};

const SECOND = 1e9;
const TIMEOUT_NS = 10_800 * SECOND;
const pods = Int32Array.of(4, 7, 9);

describe('load under affinity', () => {
  it.each(cases.variation)('varies by $variation with $clients clients on $pods pods', (row) => {
    expect(affinityVariation(row.pods, row.clients)).toBeCloseTo(row.variation, 12);
  });

  it.each(cases.oneAddress)('of one address goes to one of $pods pods', (row) => {
    expect(affinityVariation(row.pods, 1)).toBeCloseTo(Math.sqrt(row.pods - 1), 12);
  });

  it.each(cases.entryNodes)(
    'a client that enters by $entryNodes nodes is bound to $podsOfClient of $pods pods',
    (row) => {
      expect(podsOfClient(row.pods, row.entryNodes)).toBeCloseTo(row.podsOfClient, 9);
    },
  );

  it.each(['iptables', 'nftables', 'ipvs'] as const)(
    'of clients of many nodes is as the closed forms say (%s)',
    (mode) => {
      const hash = new RandomStreams(11, 0).hash('pods');
      const clients = 40;
      const entryNodes = 5;
      const squared: number[] = [];
      const distinct: number[] = [];
      for (let round = 0; round < 400; round++) {
        const nodes = Array.from({ length: entryNodes }, () => createClientAffinity(mode, TIMEOUT_NS));
        const ofPods = Int32Array.from({ length: 10 }, (_, pod) => pod);
        const load = new Float64Array(10);
        const seen = new Set<number>();
        for (let flow = 0; flow < 2 * clients * entryNodes; flow++) {
          const client = flow % clients;
          const node = Math.floor(flow / clients) % entryNodes;
          const affinity = nodes[node]!;
          const bound = affinity.boundTo(client, ofPods, flow);
          const pod = bound === NO_POD ? Math.floor(10 * hash.uniform(round, flow)) : bound;
          affinity.bind(client, pod, flow);
          if (node === 0) load[pod]! += 1;
          if (client === 0) seen.add(pod);
        }
        const mean = (2 * clients) / 10;
        squared.push(load.reduce((sum, value) => sum + (value / mean - 1) * (value / mean - 1), 0) / 10);
        distinct.push(seen.size);
      }
      const variance = estimateMean(squared);
      expect(variance.low).toBeLessThan(affinityVariation(10, clients) ** 2);
      expect(variance.high).toBeGreaterThan(affinityVariation(10, clients) ** 2);
      const bound = estimateMean(distinct);
      expect(bound.low).toBeLessThan(podsOfClient(10, entryNodes));
      expect(bound.high).toBeGreaterThan(podsOfClient(10, entryNodes));
    },
  );
});

describe.each(['iptables', 'nftables', 'ipvs'] as const)('the memory of %s', (mode) => {
  it('holds a client until so long after its last flow', () => {
    const affinity = createClientAffinity(mode, TIMEOUT_NS);
    expect(affinity.boundTo(1, pods, 0)).toBe(NO_POD);
    affinity.bind(1, 7, 0);
    expect(affinity.boundTo(1, pods, TIMEOUT_NS - 1)).toBe(7);
    affinity.bind(1, 7, TIMEOUT_NS - 1);
    expect(affinity.boundTo(1, pods, 2 * TIMEOUT_NS - 2)).toBe(7);
    expect(affinity.boundTo(1, pods, 2 * TIMEOUT_NS - 1)).toBe(NO_POD);
    expect(affinity.boundTo(2, pods, 0)).toBe(NO_POD);
  });

  it('is of no use when the pod is gone, and forgets it', () => {
    const affinity = createClientAffinity(mode, TIMEOUT_NS);
    affinity.bind(1, 7, 0);
    expect(affinity.boundTo(1, Int32Array.of(4, 9), 1)).toBe(NO_POD);
    expect(affinity.boundTo(1, pods, 2)).toBe(7);
    affinity.forget(7);
    expect(affinity.boundTo(1, pods, 3)).toBe(NO_POD);
    affinity.forget(7);
  });

  it('follows a simple list of bindings', () => {
    const flow = fc.record({ client: fc.nat(5), pod: fc.constantFrom(4, 7, 9), gap: fc.nat(2 * TIMEOUT_NS) });
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 40 }), (flows) => {
        const affinity = createClientAffinity(mode, TIMEOUT_NS);
        const last = new Map<number, { pod: number; atNs: number }>();
        let nowNs = 0;
        for (const { client, pod, gap } of flows) {
          nowNs += gap;
          const expected = last.get(client);
          const bound = expected !== undefined && nowNs - expected.atNs < TIMEOUT_NS ? expected.pod : NO_POD;
          expect(affinity.boundTo(client, pods, nowNs)).toBe(bound);
          const chosen = bound === NO_POD ? pod : bound;
          affinity.bind(client, chosen, nowNs);
          last.set(client, { pod: chosen, atNs: nowNs });
        }
      }),
    );
  });
});

describe('what differs between the modes', () => {
  const entries = AFFINITY_RULES.recentListEntries.value;

  it('iptables forgets the client that was not seen for longest when a list is full', () => {
    const affinity = createClientAffinity('iptables', TIMEOUT_NS);
    for (let client = 0; client < entries; client++) affinity.bind(client, 7, client);
    affinity.bind(0, 7, 1000);
    affinity.bind(entries, 7, 1001);
    expect(affinity.boundTo(0, pods, 1002)).toBe(7);
    expect(affinity.boundTo(1, pods, 1002)).toBe(NO_POD);
    expect(affinity.boundTo(2, pods, 1002)).toBe(7);
    expect(affinity.boundTo(entries, pods, 1002)).toBe(7);
  });

  it('nftables does not take up a client when a set is full, and renews those it has', () => {
    const affinity = new EndpointLists(TIMEOUT_NS, 2, 'refuse');
    affinity.bind(1, 7, 0);
    affinity.bind(2, 7, 0);
    affinity.bind(3, 7, 1);
    affinity.bind(1, 7, 2);
    expect(affinity.boundTo(3, pods, 3)).toBe(NO_POD);
    expect(affinity.boundTo(1, pods, TIMEOUT_NS + 1)).toBe(7);
    // Client 2 has expired and left room.
    affinity.bind(3, 7, TIMEOUT_NS + 1);
    expect(affinity.boundTo(3, pods, TIMEOUT_NS + 2)).toBe(7);
    expect(affinity.boundTo(2, pods, TIMEOUT_NS + 2)).toBe(NO_POD);
  });

  it('nftables and IPVS keep clients that iptables would have lost', () => {
    for (const mode of ['nftables', 'ipvs'] as const) {
      const affinity = createClientAffinity(mode, TIMEOUT_NS);
      for (let client = 0; client < 10 * entries; client++) affinity.bind(client, 7, client);
      expect(affinity.boundTo(0, pods, 10 * entries)).toBe(7);
    }
  });

  it.each(['iptables', 'nftables'] as const)('%s asks the lists in the order of the endpoints', (mode) => {
    const affinity = createClientAffinity(mode, TIMEOUT_NS);
    affinity.bind(1, 9, 0);
    // Pod 9 was away, and the client went to another one; its list is still there.
    affinity.bind(1, 4, 1);
    expect(affinity.boundTo(1, Int32Array.of(4, 7, 9), 2)).toBe(4);
    expect(affinity.boundTo(1, Int32Array.of(9, 7, 4), 2)).toBe(9);
  });
});
