/**
 * The latency that a sync runner adds, from idle to saturated, against closed forms. A run of the real event-driven proxies (one
 * node, a mode whose every sync takes D, changes as a Poisson process of rate lambda) must have the mean latency of the theory,
 * from the delivery of a change to the end of the sync that applies it.
 *
 * With m = minSyncPeriod the published rules of thumb are
 *
 *   1.34 and later   saturated 1.5 D + 0.5 m    idle D
 *   up to 1.33       saturated D + max(D, m)/2  idle D
 *
 * and both are limits of what is computed here for every rate. For the min-interval runner, and for the token bucket when D >= m
 * (a token is back before the sync ends), a cycle is a blocked time T, D + m or D, in which changes collect:
 *
 *   mean = (lambda T (D + T/2) + e^(-lambda T) D) / (lambda T + e^(-lambda T))
 *
 * For the token bucket with D < m the spare token makes a cycle depend on the one before it; the stationary distribution of the
 * credit is computed on a grid.
 */

import { describe, expect, it } from 'vitest';

import { exponential } from '../../kernel/distributions.js';
import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import type { MetricName } from '../../metrics.js';
import { initially, plainRouting } from '../../testing/plain-routing.js';
import { createNodes } from '../cluster/nodes.js';
import { WatchFanOut } from '../controlplane/watch-fan-out.js';

import { KubeProxies } from './kube-proxies.js';
import { createProxyRecorders } from './latency-samples.js';
import type { ProxyMode } from './proxy-modes/proxy-mode.js';
import { MinIntervalRunner, TokenBucketRunner } from './sync-runner.js';

type Generation = 'min-interval' | 'token-bucket';

const SECOND = 1e9;
const BURST_SYNCS = 2;
/** No timer fires of itself within a run. */
const NEVER_NS = 1e15;

class ConstantMode implements ProxyMode {
  readonly name = 'iptables';
  readonly deletesAtOnce = true;
  readonly quantities = [];
  readonly #durationNs: number;

  constructor(durationNs: number) {
    this.#durationNs = durationNs;
  }

  count(): void {}
  linesOfChangedService(): number {
    return 0;
  }
  cleansUp(): boolean {
    return false;
  }
  backgroundNs(): number {
    return 0;
  }

  isRefused(): boolean {
    return false;
  }

  gauges(): Partial<Record<MetricName, number>> {
    return {};
  }

  syncNs(): number {
    return this.#durationNs;
  }
}

/** Mean seconds from the delivery of a change to the end of its sync, and between the starts of syncs. */
function simulate(generation: Generation, m: number, d: number, lambda: number, changes: number) {
  const streams = new RandomStreams(11, 0);
  const simulation = new Simulation();
  const nodes = createNodes(
    {
      nodes: 1,
      zones: 1,
      apiServerToNodeLatencyNs: { min: 0, max: 0 },
      nodeSpeedFactor: 1,
      nodeSpeedVariation: 0,
    },
    streams,
  );
  const log = new WatchFanOut(1, {
    apiServers: 1,
    watchers: 1,
    watchCacheLatencyNs: 0,
    dispatchPerWatcherNs: 0,
    networkBandwidthBitsPerSecond: null,
    latencyNs: nodes.latencyNs,
  });
  const intervals = { minIntervalNs: m * SECOND, retryIntervalNs: 30 * SECOND, maxIntervalNs: NEVER_NS };
  const recorders = createProxyRecorders();
  const proxies = new KubeProxies(
    simulation,
    log,
    nodes,
    initially(5),
    {
      mode: new ConstantMode(d * SECOND),
      routing: plainRouting(1, 1),
      runner:
        generation === 'min-interval'
          ? new MinIntervalRunner(1, intervals)
          : new TokenBucketRunner(1, intervals, BURST_SYNCS),
      partialSync: true,
      fullSyncIntervalNs: NEVER_NS,
      lastFullSyncNs: new Float64Array(1),
      syncPeriodNs: 30e9,
      measureFromNs: 0,
    },
    recorders,
  );
  const arrivals = streams.stream('arrivals', 0);
  let left = changes;
  const scheduleNext = (): void => {
    const gapNs = Math.max(1, Math.round(exponential(arrivals.double(), SECOND / lambda)));
    simulation.schedule(simulation.nowNs + gapNs, change, 0);
  };
  const change = simulation.registerKind('change', () => {
    const atNs = simulation.nowNs;
    proxies.onAppend(
      log.append(
        { service: 0, bytes: 1000, changeNs: atNs, triggerNs: atNs, isDeletion: false, endpointsAfter: 5 },
        atNs,
      ),
      [],
    );
    if (--left > 0) scheduleNext();
  });
  scheduleNext();
  simulation.run();
  return {
    mean: (recorders.wait.sum + recorders.sync.sum) / proxies.deliveries,
    period: proxies.lastAppliedNs / SECOND / proxies.syncs,
  };
}

/** Changes that come while the runner is blocked for `blocked` seconds wait for its end; one that comes later finds it free. */
function renewalMean(blocked: number, d: number, lambda: number): number {
  const collected = lambda * blocked;
  const none = Math.exp(-collected);
  return (collected * (d + blocked / 2) + none * d) / (collected + none);
}

/**
 * The token bucket with D < m. State: the credit left when a sync has taken its token, 0 to m seconds. At the end of the sync the
 * credit is `atEnd`; if it is short of m by `short`, a change that came before the token is back waits for the timer, m after the
 * end, or for the next change once the token is there, whichever is first.
 */
function tokenBucketMean(m: number, d: number, lambda: number): number {
  const cells = 400;
  const creditOf = (cell: number): number => ((cell + 0.5) / cells) * m;
  const cellOf = (credit: number): number => Math.min(cells - 1, Math.max(0, Math.floor((credit / m) * cells)));
  let share = new Float64Array(cells).fill(1 / cells);
  /** Puts `mass` at `from` + an exponential time, all that is beyond `to` at `to`. */
  const spread = (next: Float64Array, mass: number, from: number, to: number): void => {
    let survived = 1;
    for (let cell = cellOf(from); cell < cellOf(to); cell++) {
      const beyond = Math.exp(-lambda * Math.max(0, ((cell + 1) / cells) * m - from));
      next[cell]! += mass * (survived - beyond);
      survived = beyond;
    }
    next[cellOf(to)]! += mass * survived;
  };
  let mean = 0;
  for (let previous = Infinity; Math.abs(mean - previous) > 1e-7 * mean || mean === 0;) {
    previous = mean;
    const next = new Float64Array(cells);
    let changes = 0;
    let latency = 0;
    for (const [cell, mass] of share.entries()) {
      if (mass === 0) continue;
      const atEnd = creditOf(cell) + d;
      const short = Math.max(0, m - atEnd);
      const blocked = d + short;
      const collected = lambda * blocked;
      const none = Math.exp(-collected);
      // Nobody came while it was blocked: the next change runs at once.
      spread(next, mass * none, Math.min(m, atEnd + short - m), m);
      changes += mass * (none + collected);
      latency += mass * (none * d + collected * (d + blocked / 2));
      if (short === 0) {
        next[cellOf(atEnd - m)]! += mass * (1 - none);
        continue;
      }
      // Until the timer there are m - short = atEnd seconds more, unless another change comes first, and is served at once.
      const comesFirst = 1 - Math.exp(-lambda * atEnd);
      spread(next, mass * (1 - none), 0, Math.min(m, atEnd));
      changes += mass * (1 - none) * comesFirst;
      latency += mass * ((1 - none) * comesFirst * d + (collected * comesFirst) / lambda);
    }
    share = next;
    mean = latency / changes;
  }
  return mean;
}

const exactMean = (generation: Generation, m: number, d: number, lambda: number): number => {
  if (generation === 'min-interval') return renewalMean(d + m, d, lambda);
  return d >= m ? renewalMean(d, d, lambda) : tokenBucketMean(m, d, lambda);
};

const saturatedMean = (generation: Generation, m: number, d: number): number =>
  generation === 'min-interval' ? 1.5 * d + 0.5 * m : d + Math.max(d, m) / 2;

/** So rare that waiting for the sync before, (D + m) / 2 with probability lambda (D + m), adds half a percent to D at the most. */
const idleRate = (m: number, d: number): number => (0.01 * d) / (d + m) ** 2;

const grid = (['min-interval', 'token-bucket'] as const).flatMap((generation) =>
  [1, 10].flatMap((m) => [0.05, 0.3, 1, 3].map((d) => ({ generation, m, d }))),
);

const expectWithin2Percent = (actual: number, expected: number): void => {
  expect(actual).toBeGreaterThan(0.98 * expected);
  expect(actual).toBeLessThan(1.02 * expected);
};

describe('mean latency at every rate', () => {
  const cases = grid.flatMap((setting) => [0.05, 1, 20].map((lambda) => ({ ...setting, lambda })));

  it.each(cases)('$generation, m = $m s, D = $d s, $lambda changes a second', ({ generation, m, d, lambda }) => {
    // Latencies of busy runners differ little from period to period; idle ones need more changes for the same precision.
    const { mean } = simulate(generation, m, d, lambda, lambda > 1 ? 30_000 : 100_000);
    expectWithin2Percent(mean, exactMean(generation, m, d, lambda));
  });
});

describe('saturated: a change always waits', () => {
  it.each(grid)('$generation, m = $m s, D = $d s', ({ generation, m, d }) => {
    const { mean, period } = simulate(generation, m, d, 40, 60_000);
    expectWithin2Percent(mean, saturatedMean(generation, m, d));
    expectWithin2Percent(period, generation === 'min-interval' ? d + m : Math.max(d, m));
  });
});

describe('idle: a change is alone, and its latency the sync', () => {
  it.each(grid)('$generation, m = $m s, D = $d s', ({ generation, m, d }) => {
    const lambda = idleRate(m, d);
    // Two months at the most: simulated time has 104 days.
    const { mean } = simulate(generation, m, d, lambda, Math.min(20_000, Math.round(5e6 * lambda)));
    expectWithin2Percent(mean, d);
  });
});

describe('the exact means have the rules of thumb as limits', () => {
  it.each(grid)('$generation, m = $m s, D = $d s', ({ generation, m, d }) => {
    expectWithin2Percent(exactMean(generation, m, d, 1000 / m), saturatedMean(generation, m, d));
    expectWithin2Percent(exactMean(generation, m, d, idleRate(m, d)), d);
  });

  it('and lie far below them in between: the token bucket holds back only what comes faster than minSyncPeriod', () => {
    // One change a second, m = 1 s: not saturated, whatever the rule of thumb for many changes says.
    expect(exactMean('token-bucket', 1, 0.3, 1) / saturatedMean('token-bucket', 1, 0.3)).toBeCloseTo(0.706, 2);
    expect(exactMean('min-interval', 1, 0.3, 1) / saturatedMean('min-interval', 1, 0.3)).toBeCloseTo(0.881, 2);
  });
});
