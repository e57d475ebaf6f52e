import { describe, expect, it } from 'vitest';

import { METRICS } from '../sim/metrics.js';
import { CAUSES_IN_WORDS, lossesOf, lossSentence, lossTable, remediesOf } from './request-losses.js';
import { makeResults, variant } from './testing/results-fixture.js';
import { type TrafficShape, withClients } from './testing/traffic-fixture.js';

const STALE = 'requests_lost_stale_rules_total';
const BALANCER = 'requests_lost_load_balancer_total';
const CONNTRACK = 'requests_lost_conntrack_total';

const losing = (lost: TrafficShape['lost'] = {}, shape: TrafficShape = {}) =>
  withClients(variant(), { lost, ...shape });

it('knows every cause that the catalogue tells apart', () => {
  const measured = Object.keys(METRICS).filter((name) => /^requests_lost_.+_total$/.test(name));
  const shown: readonly (string | null)[] = CAUSES_IN_WORDS.map(({ metric }) => metric);
  expect(new Set(shown)).toEqual(new Set(measured));
});

describe('the losses of a variant', () => {
  it('are nothing without clients', () => {
    expect(lossesOf(variant())).toBeNull();
    expect(lossSentence(variant())).toBeNull();
  });

  it('are cut into their causes, and what is left has a cause of its own', () => {
    const made = losing({ [STALE]: 600, [BALANCER]: 300 });
    const known = lossesOf(made)!;
    expect(known.causes.map(({ cause, share }) => [cause.label, share])).toEqual([
      ['Load balancer not drained', 1 / 3],
      ['Stale rules', 2 / 3],
    ]);
    const { [BALANCER]: _, ...metrics } = made.metrics;
    const rest = lossesOf({ ...made, metrics })!;
    expect(rest.causes.map(({ cause, lost }) => [cause.label, lost])).toEqual([
      ['Stale rules', 600],
      ['Other causes', 300],
    ]);
  });

  it('take no rounding for a cause', () => {
    const { causes } = lossesOf(losing({ [STALE]: 0.1, [BALANCER]: 0.2, [CONNTRACK]: 0.7 }))!;
    expect(causes.map(({ cause }) => cause.metric)).toEqual([BALANCER, CONNTRACK, STALE]);
  });
});

describe('the sentence on losses', () => {
  it.each<[string, ReturnType<typeof losing>, string]>([
    ['none', losing(), 'No request is lost.'],
    [
      'one cause, all refused',
      losing({ [STALE]: 5000 }, { refusedShare: 1 }),
      '0.50% (0.48 to 0.52) of the requests are lost, because of stale rules. All of these are refused at once.',
    ],
    [
      'one cause, none refused',
      losing({ [STALE]: 5000 }, { refusedShare: 0 }),
      '0.50% (0.48 to 0.52) of the requests are lost, because of stale rules. All of these get no answer at all, and time out.',
    ],
    [
      'three causes, of which it names two',
      losing({ [STALE]: 3000, [BALANCER]: 6000, [CONNTRACK]: 1000 }),
      '1.00% (0.96 to 1.04) of the requests are lost, 60% of them because of a load balancer that still used nodes that cannot answer and 30% because of stale rules. Of these, 75% are refused at once, and 25% time out.',
    ],
  ])('%s', (_, made, sentence) => {
    expect(lossSentence(made)).toBe(sentence);
  });
});

describe('what helps', () => {
  const causesHelped = (...variants: readonly ReturnType<typeof losing>[]) =>
    remediesOf(makeResults({ variants: variants })).map(({ cause }) => cause.metric);

  it('is said once of each cause that matters in a variant, that of the most losses first', () => {
    expect(causesHelped(losing({ [STALE]: 100 }), losing({ [STALE]: 10, [BALANCER]: 990 }))).toEqual([BALANCER, STALE]);
    expect(causesHelped(losing({ [STALE]: 960, [CONNTRACK]: 40 }))).toEqual([STALE]);
    expect(causesHelped(losing(), variant())).toEqual([]);
  });

  it('names the command that finds a preStop sleep', () => {
    const [remedy] = remediesOf(makeResults({ variants: [losing({ [STALE]: 1 })] }));
    expect(remedy!.sentence).toContain('kube-headroom prestop');
  });
});

it('sets out the losses with their intervals, without causes that lost nothing anywhere', () => {
  const results = makeResults({ variants: [losing({ [STALE]: 200 }, { refusedShare: 1 }), losing(), variant()] });
  expect(lossTable(results)).toEqual([
    ['Requests', '1.00M (0.96 to 1.04)', '1.00M (0.96 to 1.04)', '–'],
    ['Requests lost, share', '0.0200% (0.0192 to 0.0208)', '0%', '–'],
    ['Requests lost', '200 (192 to 208)', '0', '–'],
    ['Cause: Stale rules', '200 (192 to 208)', '–', '–'],
    ['Refused at once', '200 (192 to 208)', '0', '–'],
  ]);
});
