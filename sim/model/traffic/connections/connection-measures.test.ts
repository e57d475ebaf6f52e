import { describe, expect, it } from 'vitest';
import { LossCause } from '../loss-cause.js';
import { TrafficTally } from '../traffic-tally.js';
import { ConnectionMeasures } from './connection-measures.js';

const SECOND = 1e9;

/** Pods 0 and 1 on node 0, 2 and 3 on node 1, in a zone each; pod 4 is an address that is no pod. */
function measuresFrom(startNs: number) {
  const clock = { nowNs: 0 };
  const tally = new TrafficTally();
  const measures = new ConnectionMeasures({
    tally,
    nodeOf: (pod) => (pod === 4 ? -1 : Math.floor(pod / 2)),
    zoneOfNode: [0, 1, 1],
    nowNs: () => clock.nowNs,
    startNs,
  });
  return { clock, tally, measures };
}

describe('measures of connections', () => {
  it('count ways, losses and requests', () => {
    const { tally, measures } = measuresFrom(0);
    measures.answered(0, 0, 0, false, 5);
    measures.answered(0, 0, 2, true, 4);
    measures.answered(0, 2, 3, false, 3);
    measures.answered(0, 0, 4, false, 2);
    measures.lost(0, LossCause.staleRules, true, 1);
    measures.lost(0, LossCause.failedPods, false, 5);
    expect(tally.scalars()).toMatchObject({
      requests_total: 20,
      requests_lost_total: 6,
      requests_lost_ratio: 0.3,
      requests_lost_stale_rules_total: 1,
      requests_lost_failed_pods_total: 5,
      requests_refused_total: 1,
      requests_timed_out_total: 5,
      requests_second_hop_ratio: 9 / 14,
      requests_cross_zone_ratio: 6 / 14,
      requests_source_address_kept_ratio: 10 / 14,
    });
  });

  it('begin with the start, and know what was open by then', () => {
    const { clock, tally, measures } = measuresFrom(10 * SECOND);
    for (const pod of [0, 0, 0, 1]) measures.opened(0, pod);
    measures.answered(0, 0, 0, false, 100);
    clock.nowNs = 10 * SECOND;
    measures.answered(0, 0, 0, false, 100);
    clock.nowNs = 11 * SECOND;
    measures.reset();
    measures.closed(0, 0);
    measures.opened(0, 2000);
    measures.answered(0, 0, 0, false, 1);
    const { scalars, distributions } = measures.end([
      [0, 1, 2000],
      [2, 3],
    ]);
    expect(tally.sent).toBe(1);
    expect(scalars).toEqual({
      connections_opened_total: 1,
      connections_reset_total: 1,
      open_connections_max_over_mean: 1.5,
    });
    expect(distributions.open_connections_relative?.count).toBe(3);
  });

  it('say nothing of how connections spread when none is open', () => {
    const { measures } = measuresFrom(0);
    expect(measures.end([[0, 1]])).toEqual({
      scalars: { connections_opened_total: 0, connections_reset_total: 0 },
      distributions: {},
    });
  });
});
