/**
 * Fixed rules of watches on the side of the server: constants in the source code of the watch cache and of HTTP/2 that no flag
 * changes.
 */

import { constant, type Constant } from './provenance.js';

const inSource = (value: number, unit: string, source: string, date: string): Constant =>
  constant({ value, unit, evidence: 'source code', source, date, range: null });

const CACHER = 'staging apiserver pkg/storage/cacher';

export const WATCH_CACHE_RULES = {
  lowerBoundCapacity: inSource(100, '1', `${CACHER}: defaultLowerBoundCapacity`, '1.36'),
  upperBoundCapacity: inSource(102_400, '1', `${CACHER}: defaultUpperBoundCapacity`, '1.36'),
  eventFreshDuration: inSource(75, 's', `${CACHER}: DefaultEventFreshDuration`, '1.36'),
  channelSize: {
    min: inSource(10, '1', `${CACHER}: suggestedWatchChannelSize`, '1.36'),
    max: inSource(100, '1', `${CACHER}: suggestedWatchChannelSize, resource without index`, '1.36'),
    maxWithIndexUnused: inSource(1000, '1', `${CACHER}: suggestedWatchChannelSize, index not selected by`, '1.36'),
    maxWithIndexUsed: inSource(10, '1', `${CACHER}: suggestedWatchChannelSize, index selected by`, '1.36'),
  },
  /** The channel that the dispatcher sends to, and the one that the encoder reads from. */
  channelsPerWatcher: inSource(2, '1', `${CACHER}/cache_watcher.go: input and result`, '1.36'),
  /** A watcher gets a bookmark, and with it the newest resource version, this long before its watch times out. */
  bookmarkBeforeTimeout: inSource(2, 's', `${CACHER}: bookmark two seconds before the deadline of a watch`, '1.36'),
  dispatchBudget: {
    /** Added once a second; also what there is at the start. */
    refresh: inSource(0.05, 's', `${CACHER}/time_budget.go: refreshPerSecond`, '1.36'),
    max: inSource(0.1, 's', `${CACHER}/time_budget.go: maxBudget`, '1.36'),
  },
} as const;

export const NODE_WATCH_RULES = {
  /** Whether kube-proxies leave the endpoint objects of headless services out of their watches. */
  skipsHeadlessServices: constant({
    value: true,
    unit: '',
    evidence: 'assumption',
    source:
      'cmd/kube-proxy/app/server.go: informers select objects without the label service.kubernetes.io/headless, which endpoint controllers set; not looked up',
    date: '1.36',
    range: null,
  }),
} as const;

export const WATCH_STREAM_RULES = {
  /**
   * What a server may send on a stream beyond what its reader has taken: a watcher that does not read holds this much on its own
   * side, and what a busy network card has not sent yet waits in a socket buffer of at most the same size.
   */
  streamWindow: constant({
    value: 4 * 2 ** 20,
    unit: 'B',
    evidence: 'documentation',
    source:
      'Flow-control window of a stream in the HTTP/2 client of golang.org/x/net, 4 MiB; the same as the largest send buffer of Linux by default (tcp_wmem)',
    date: '2026-07',
    range: [64 * 2 ** 10, 6 * 2 ** 20],
  }),
} as const;
