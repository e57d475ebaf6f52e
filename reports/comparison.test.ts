import { describe, expect, it } from 'vitest';

import type { Results, VariantResult, Verdict } from '../sim/experiment/results.js';
import { compareWithFirst, recommendation } from './comparison.js';
import { estimate, makeResults, objective, variant } from './testing/results-fixture.js';
import { type TrafficShape, withClients } from './testing/traffic-fixture.js';

describe('what variants change', () => {
  it('stands against the first', () => {
    expect(compareWithFirst(makeResults())).toEqual({
      first: 'EndpointSlice',
      base: 'NPL p99 12.4 s (11.9 to 12.9); node CPU for syncs 4.2 s (4.0 to 4.4); longest full sync 900 ms (864 to 936); bytes to watchers 3.21 GB (3.11 to 3.31)',
      others: [
        {
          name: 'Endpoints',
          sentence:
            'NPL p99 2.40× as high, 30 s (28 to 31); node CPU for syncs 2.40× as high, 10.1 s (9.6 to 10.6); longest full sync 2.40× as high, 2.16 s (2.07 to 2.25); bytes to watchers 2.40× as high, 7.7 GB (7.5 to 7.9).',
        },
      ],
    });
  });

  it('claims nothing within the noise', () => {
    const results = makeResults({ variants: [variant(), variant({ name: 'alike', factor: 1.01 })] });
    const { sentence } = compareWithFirst(results)!.others[0]!;
    expect(sentence.match(/not clearly different/g)).toHaveLength(3);
    expect(sentence).not.toMatch(/higher|lower|×/);
  });

  it('claims nothing of a single replication', () => {
    const shape = { replications: 1 };
    const results = makeResults({ variants: [variant(shape), variant({ ...shape, name: 'b', factor: 9 })] });
    expect(compareWithFirst(results)!.others[0]!.sentence).not.toMatch(/higher|lower|×/);
  });

  it('falls back to all syncs where full ones are not told apart', () => {
    const { sync_full_proxy_rules_duration_seconds: _, ...metrics } = variant().metrics;
    const results = makeResults({
      variants: [
        { ...variant(), metrics },
        { ...variant(), name: 'b', metrics },
      ],
    });
    expect(compareWithFirst(results)!.base).toContain('; longest sync 900 ms');
  });

  const scalar = (value: number, halfWidth = 0) => ({
    unit: 'count' as const,
    estimates: { value: estimate(value, halfWidth) },
  });
  const withMetrics = (name: string, metrics: VariantResult['metrics']) => {
    const made = variant({ name });
    return { ...made, metrics: { ...made.metrics, ...metrics } };
  };

  it('tells of first syncs where kube-proxies were started, and of the traffic that differs', () => {
    const seconds = (statistic: string, value: number) => ({
      unit: 'seconds' as const,
      estimates: { [statistic]: estimate(value, 0) },
    });
    const migrated = (name: string, factor: number) =>
      withMetrics(name, {
        kube_proxy_first_sync_seconds: seconds('max', 2 * factor),
        first_packet_latency_seconds: seconds('p99', 2e-5 / factor),
        node_conntrack_dropped_ratio: scalar(0),
      });
    const results = makeResults({ variants: [migrated('ipvs', 1), migrated('nftables', 10)] });
    expect(compareWithFirst(results)!.others[0]!.sentence).toMatch(
      /longest first sync 10\.0× as high, 20 s; first packet p99 90% lower, 2 µs\.$/,
    );
  });

  it('begins with the requests of clients, where they differ', () => {
    const served = (name: string, shape: TrafficShape) => withClients(variant({ name }), { crossZone: 0, ...shape });
    const results = makeResults({
      variants: [
        served('Cluster', { loads: [1, 1, 1], lost: { requests_lost_stale_rules_total: 1000 }, secondHop: 0.9 }),
        served('Local', { loads: [1, 1, 4], lost: { requests_lost_stale_rules_total: 3000 }, secondHop: 0 }),
      ],
    });
    expect(compareWithFirst(results)!.others[0]!.sentence).toMatch(
      /^requests lost 3\.00× as high, 0\.30% \(0\.29 to 0\.31\); hottest pod over the mean 2\.00× as high, 2\.00 \(1\.92 to 2\.08\); requests with a second hop down to 0%; NPL p99 /,
    );
  });

  it('leaves out syncs where nothing was written', () => {
    const resting = (name: string, entries: number) =>
      withMetrics(name, {
        endpoint_writes_total: scalar(0),
        kube_proxy_sync_cpu_seconds_per_node: scalar(0),
        node_conntrack_entries: { unit: 'count', estimates: { p99: estimate(entries, 0) } },
      });
    const results = makeResults({
      variants: [resting('TCP', 1000), resting('UDP', 500)],
      objectives: [objective({ variant: 'TCP' }), objective({ variant: 'UDP' })],
    });
    expect(compareWithFirst(results)!.base).toBe('conntrack entries p99 1,000');
    expect(recommendation(results)).toBe('Both variants meet the objective.');
  });

  it('is nothing for one variant, or for variants without a common number', () => {
    expect(compareWithFirst(makeResults({ variants: [variant()] }))).toBeNull();
    const nothing = { ...variant(), metrics: {} };
    expect(compareWithFirst(makeResults({ variants: [nothing, variant({ name: 'b' })] }))).toBeNull();
  });
});

describe('the recommendation', () => {
  /** Variants a, b and so on, of the given costs, each with one objective. */
  function judged(...given: (readonly [verdict: Verdict, cost: number])[]): Results {
    const names = given.map((_, index) => 'abcdef'.charAt(index));
    return makeResults({
      variants: given.map(([, factor], index) => variant({ name: names[index]!, factor })),
      objectives: given.map(([verdict], index) => objective({ variant: names[index]!, verdict })),
    });
  }

  it.each([
    [
      'the cheapest of those that meet the objective',
      judged(['pass', 2], ['pass', 1], ['fail', 0.1]),
      '2 of 3 variants meet the objective; of these, b costs the nodes least CPU for syncs, 4.2 s (4.0 to 4.4) per node.',
    ],
    [
      'several that are not clearly dearer',
      judged(['pass', 1], ['pass', 1.01], ['pass', 3]),
      'All variants meet the objective; a and b cost the nodes least CPU for syncs, without a clear difference.',
    ],
    [
      'nobody where none is clearly cheaper',
      judged(['pass', 1], ['pass', 1.01]),
      'Both variants meet the objective; none costs the nodes clearly less CPU for syncs than the others.',
    ],
    ['the only one', judged(['fail', 1], ['pass', 9]), 'Only b meets the objective.'],
    [
      'none, and names what more replications may decide',
      judged(['fail', 1], ['inconclusive', 1], ['error', 1]),
      'No variant is sure to meet the objective. Not decided: b and c.',
    ],
  ])('is %s', (_, results, sentence) => {
    expect(recommendation(results)).toBe(sentence);
  });

  it('tells users of a service what they would notice, before what nodes pay', () => {
    const served = (name: string, factor: number, lost: number, loads: readonly number[]) =>
      withClients(variant({ name, factor }), { lost: { requests_lost_stale_rules_total: lost }, loads });
    const of = (...variants: readonly VariantResult[]) =>
      recommendation(
        makeResults({
          variants,
          objectives: variants.map(({ name }) => objective({ variant: name, verdict: 'pass' })),
        }),
      );
    expect(of(served('a', 1, 0, [1, 3]), served('b', 2, 500, [1, 1]), served('c', 2, 500, [1, 1]))).toBe(
      'All variants meet the objective; of these, a loses the fewest requests, 0%; b and c load their pods most evenly; a costs the nodes least CPU for syncs, 4.2 s (4.0 to 4.4) per node.',
    );
    expect(of(served('a', 1, 500, [1, 1]), served('b', 2, 500, [1, 1]))).toBe(
      'Both variants meet the objective; of these, a costs the nodes least CPU for syncs, 4.2 s (4.0 to 4.4) per node.',
    );
  });

  it('needs all objectives of a variant to be met', () => {
    const results = judged(['pass', 1], ['pass', 2]);
    const objectives = [
      ...results.objectives,
      objective({ variant: 'a', verdict: 'fail' }),
      objective({ variant: 'b' }),
    ];
    expect(recommendation({ ...results, objectives })).toBe('Only b meets every objective.');
  });

  it('is left to the reader where no objective says what is good enough', () => {
    expect(recommendation(makeResults({ objectives: [] }))).toBeNull();
  });
});
