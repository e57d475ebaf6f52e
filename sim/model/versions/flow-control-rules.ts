/**
 * Fixed rules of the API server's flow control: the configuration objects that every cluster is created with, and the
 * constants of the estimators and queues behind them. No flag changes these; an administrator could edit the first.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date: '1.36', range: null });

const DEFAULTS = 'pkg/apis/flowcontrol/bootstrap/default.go: suggested priority level';

/** How requests of a level wait: which queues there are, and how many of them one flow is dealt. */
interface QueuingRule {
  readonly queues: Constant;
  readonly handSize: Constant;
  readonly queueLengthLimit: Constant;
}

interface PriorityLevelRule {
  readonly nominalConcurrencyShares: Constant;
  readonly lendablePercent: Constant;
  /** null: a request that finds no seat is rejected. */
  readonly queuing: QueuingRule | null;
}

const level = (
  name: string,
  shares: number,
  lendablePercent: number,
  queuing: { readonly queues: number; readonly handSize: number } | null,
): PriorityLevelRule => ({
  nominalConcurrencyShares: inSource(shares, '1', `${DEFAULTS} ${name}, nominalConcurrencyShares`),
  lendablePercent: inSource(lendablePercent, '%', `${DEFAULTS} ${name}, lendablePercent`),
  queuing: queuing && {
    queues: inSource(queuing.queues, '1', `${DEFAULTS} ${name}, queuing.queues`),
    handSize: inSource(queuing.handSize, '1', `${DEFAULTS} ${name}, queuing.handSize`),
    queueLengthLimit: inSource(50, '1', `${DEFAULTS} ${name}, queuing.queueLengthLimit`),
  },
});

/** The priority levels of the suggested configuration by name; "exempt", which has no limit, is not among them. */
export const PRIORITY_LEVEL_RULES = {
  system: level('system', 30, 33, { queues: 64, handSize: 6 }),
  'node-high': level('node-high', 40, 25, { queues: 64, handSize: 6 }),
  'leader-election': level('leader-election', 10, 0, { queues: 16, handSize: 4 }),
  'workload-high': level('workload-high', 40, 50, { queues: 128, handSize: 6 }),
  'workload-low': level('workload-low', 100, 90, { queues: 128, handSize: 6 }),
  'global-default': level('global-default', 20, 50, { queues: 128, handSize: 6 }),
  'catch-all': level('catch-all', 5, 0, null),
} as const satisfies Record<string, PriorityLevelRule>;

const WORK = 'apiserver pkg/util/flowcontrol/request';

export const WORK_ESTIMATE_RULES = {
  /** A request of one level takes at most this share of the level's seats ... */
  maxSeatsShare: inSource(0.15, '1', 'apiserver pkg/util/flowcontrol/max_seats.go'),
  /** ... and at most so many, by kind. */
  listMaxSeats: inSource(100, '1', `${WORK}/config.go: maximumSeatsLimit of lists by size`),
  objectCountListMaxSeats: inSource(10, '1', `${WORK}/config.go: maximumSeatsLimit, lists by count up to 1.33`),
  mutatingMaxSeats: inSource(10, '1', `${WORK}/config.go: maximumSeatsLimit of mutating requests`),
  objectsPerSeat: inSource(100, '1', `${WORK}/config.go: objectsPerSeat`),
  bytesPerSeat: inSource(100_000, 'B', `${WORK}/list_work_estimator.go: bytesPerSeat`),
  /** What a list from the watch cache holds in memory at most: it is streamed to the client. */
  cacheListMaxBytes: inSource(1_000_000, 'B', `${WORK}/list_work_estimator.go: a list from cache is capped at 1 MB`),
  /** Taken for the size of an object that is not known. */
  unknownObjectBytes: inSource(1_500_000, 'B', `${WORK}/width_test.go: stale count with limit 1 makes 15 seats`),
  /** A list with a selector and a limit doubles its page up to this. */
  maxPageObjects: inSource(10_000, '1', 'apiserver pkg/storage/etcd3/store.go: maxLimit'),
  watchersPerSeat: inSource(10, '1', `${WORK}/config.go: watchesPerSeat`),
  eventAdditionalSeconds: inSource(5e-3, 's', `${WORK}/config.go: eventAdditionalDuration`),
} as const;

export const FLOW_CONTROL_RULES = {
  /** A request waits in its queue for at most this share of the request timeout. */
  queueWaitShare: inSource(
    0.25,
    '1',
    'apiserver pkg/util/flowcontrol/apf_controller.go: RequestWaitLimit, timeout / 4',
  ),
  /** What the queues take a request to last before it has run. */
  estimatedServiceTime: constant({
    value: 3e-3,
    unit: 's',
    evidence: 'assumption',
    source: 'fairqueuing/queueset/queueset.go: estimatedServiceDuration; a few milliseconds, once a minute',
    date: '2026-07',
    range: [1e-3, 60],
  }),
  retryAfter: inSource(1, 's', 'apiserver pkg/server/filters/maxinflight.go: retryAfter, header of a 429'),
  borrowingAdjustmentPeriod: inSource(10, 's', 'apf_controller.go: borrowingAdjustmentPeriod'),
  seatDemandSmoothing: constant({
    value: 0.977,
    unit: '1',
    evidence: 'documentation',
    source: 'KEP-1040, section Dispatching: SmoothSeatDemand keeps so much of its past in each period',
    date: '1.26',
    range: null,
  }),
} as const;
