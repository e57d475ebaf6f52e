import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exponential, lognormalFromMeanCoefficientOfVariation } from '../../../kernel/distributions.js';
import { RandomStreams } from '../../../kernel/random.js';
import { Simulation } from '../../../kernel/simulation.js';
import { studentTQuantile } from '../../../stats/student-t.js';
import { PodStations } from './pod-station.js';
import { drawServiceNs } from './service-time.js';

const MEAN_SERVICE_NS = 1e6;

/** Gives numbers uniform in (0, 1). */
type Random = () => number;

function uniforms(streams: RandomStreams, purpose: string): Random {
  const hash = streams.hash(purpose);
  let index = 0;
  return () => hash.uniform(0, index++);
}

type Row<Field extends string> = Readonly<Record<Field, number>>;
const exact = JSON.parse(readFileSync(new URL('../../../stats/queueing.cases.json', import.meta.url), 'utf8')) as {
  readonly poissonExponentialOneServer: readonly Row<'utilization' | 'meanTime' | 'p50' | 'p99'>[];
  readonly poissonGeneralOneServer: readonly Row<'utilization' | 'serviceScv' | 'meanWait'>[];
  readonly poissonExponentialManyServers: readonly Row<'servers' | 'utilization' | 'meanWait'>[];
  readonly limited: readonly Row<'limit' | 'utilization' | 'blocked' | 'meanNumber' | 'meanTime'>[];
  readonly roundRobin: readonly Row<'servers' | 'utilization' | 'sigma' | 'meanTime'>[];
  readonly evenArrivals: readonly Row<'utilization' | 'sigma' | 'meanTime'>[];
};

/**
 * A queue that begins as it would be found after a long time, so that there is no warm-up, and a short run of it is as good as any
 * part of a long one: many of them side by side are independent samples, at any utilization. Times are in mean service times.
 */
interface Queue {
  readonly name: string;
  readonly servers?: number;
  readonly queueLimit?: number;
  readonly variation?: number;
  readonly arrivalsPerPod?: number;
  /** Service times of the requests that are there at the start. */
  readonly initial: (random: Random) => number[];
  readonly untilNext: (random: Random) => number;
  /** The first arrival is one of those whose distances are drawn: it finds what `initial` says. */
  readonly startsWithArrival?: boolean;
}

interface Measured {
  /** Of each pod: means over its requests. */
  readonly meanTime: number[];
  readonly meanWait: number[];
  readonly blocked: number[];
  readonly accepted: number[];
  /** Of each pod: the share of its times that are at most each limit. */
  readonly below: number[][];
}

function measure(queue: Queue, seed: string, limits: readonly number[] = []): Measured {
  const { servers = 1, variation = 1, arrivalsPerPod = 200 } = queue;
  const pods = Math.max(100, 50_000 / arrivalsPerPod);
  const streams = new RandomStreams(seed, 0);
  const random = uniforms(streams, 'arrivals');
  const services = uniforms(streams, 'services');
  const simulation = new Simulation();
  const blocked = new Float64Array(pods);
  const accepted = new Float64Array(pods);
  const times = new Float64Array(pods);
  const waits = new Float64Array(pods);
  const below = limits.map(() => new Float64Array(pods));
  const podOf: number[] = [];
  const arrivedNs: number[] = [];
  const stations = new PodStations(simulation, {
    onServed: (request) => {
      const pod = podOf[request]!;
      const time = (simulation.nowNs - arrivedNs[request]!) / MEAN_SERVICE_NS;
      if (Number.isNaN(time)) return;
      accepted[pod]!++;
      times[pod]! += time;
      waits[pod]! += time - stations.serviceNs(request) / MEAN_SERVICE_NS;
      for (let index = 0; index < limits.length; index++) if (time <= limits[index]!) below[index]![pod]!++;
    },
    onLost: () => expect.unreachable(),
  });
  const left = new Int32Array(pods).fill(arrivalsPerPod);
  const kind = simulation.registerKind('arrival', (pod) => {
    const request = podOf.push(pod) - 1;
    arrivedNs.push(simulation.nowNs);
    const serviceNs = drawServiceNs({ meanNs: MEAN_SERVICE_NS, variation }, services());
    if (!stations.arrive(pod, request, serviceNs)) blocked[pod]!++;
    if (--left[pod]! > 0) next(pod);
  });
  const next = (pod: number): void => {
    simulation.schedule(simulation.nowNs + Math.round(queue.untilNext(random) * MEAN_SERVICE_NS), kind, pod);
  };
  for (let pod = 0; pod < pods; pod++) {
    stations.open(pod, servers, queue.queueLimit ?? null);
    for (const time of queue.initial(random)) {
      const request = podOf.push(pod) - 1;
      arrivedNs.push(Number.NaN);
      stations.arrive(pod, request, Math.round(time * MEAN_SERVICE_NS));
    }
    if (queue.startsWithArrival === true) simulation.schedule(0, kind, pod);
    else next(pod);
  }
  simulation.run();
  const perRequest = (sums: Float64Array): number[] => [...sums].map((sum, pod) => sum / accepted[pod]!);
  return {
    meanTime: perRequest(times),
    meanWait: perRequest(waits),
    blocked: [...blocked].map((count) => count / arrivalsPerPod),
    accepted: [...accepted],
    below: below.map(perRequest),
  };
}

/** How many standard errors the mean of independent samples is from what it should be, as a share of the 99 % point. */
function deviation(samples: readonly number[], expected: number): number {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) * (sample - mean), 0) / (samples.length - 1);
  const error = Math.sqrt(variance / samples.length);
  return Math.abs(mean - expected) / error / studentTQuantile(0.995, samples.length - 1);
}

const exponentialTimes = (count: number, random: Random): number[] =>
  Array.from({ length: count }, () => exponential(random(), 1));
/** How many failures come before the first success, when each has the probability `ratio`. */
const geometric = (ratio: number, random: Random): number => Math.floor(Math.log(random()) / Math.log(ratio));
const poisson =
  (utilization: number, servers = 1) =>
  (random: Random): number =>
    exponential(random(), 1 / (utilization * servers));

/** Number of the weight that a uniform number falls on. */
function pick(weights: readonly number[], random: Random): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => (left -= weight) < 0),
  );
}

function manyServers({ servers, utilization }: Row<'servers' | 'utilization'>): Queue {
  // Weights of how many are there, up to where they fall geometrically.
  // Weights of how many are there, from the state in which all are busy downwards, which stands for those with more as well.
  const weights = [1];
  for (let busy = servers; busy > 0; busy--) weights.push((weights.at(-1)! * busy) / (servers * utilization));
  weights[0] = 1 / (1 - utilization);
  weights.reverse();
  return {
    name: `M/M/${servers} at ${utilization}`,
    servers,
    // Long enough for a pod to finish what it has twice.
    arrivalsPerPod: Math.max(200, 2 * servers),
    untilNext: poisson(utilization, servers),
    initial: (random) => {
      const found = pick(weights, random);
      return exponentialTimes(found < servers ? found : servers + geometric(utilization, random), random);
    },
  };
}

/** By Pollaczek and Khinchine what an arrival finds to be done is a geometric number of remainders of service times. */
function generalService({ utilization, serviceScv }: Row<'utilization' | 'serviceScv'>): Queue {
  const variation = Math.sqrt(serviceScv);
  const logVariance = Math.log1p(serviceScv);
  const remainder = (random: Random): number => {
    if (variation === 1) return exponential(random(), 1);
    // A part of the service time that is met, and long ones are met more often: a lognormal one is longer by a constant factor.
    const met =
      variation === 0 ? 1 : lognormalFromMeanCoefficientOfVariation(random(), Math.exp(logVariance), variation);
    return met * random();
  };
  return {
    name: `M/G/1 at ${utilization}, scv ${serviceScv}`,
    variation,
    untilNext: poisson(utilization),
    initial: (random) => Array.from({ length: geometric(utilization, random) }, () => remainder(random)),
  };
}

function limited({ limit, utilization }: Row<'limit' | 'utilization'>): Queue {
  const weights = [1];
  for (let there = 1; there <= limit; there++) weights.push(weights.at(-1)! * utilization);
  return {
    name: `M/M/1/${limit} at ${utilization}`,
    queueLimit: limit - 1,
    untilNext: poisson(utilization),
    initial: (random) => exponentialTimes(pick(weights, random), random),
  };
}

/** An arrival finds a geometric number with ratio sigma, and all that is left of them is exponential. */
const generalArrivals = (name: string, sigma: number, untilNext: Queue['untilNext']): Queue => ({
  name,
  untilNext,
  startsWithArrival: true,
  initial: (random) => exponentialTimes(geometric(sigma, random), random),
});

const erlang =
  (stages: number, utilization: number) =>
  (random: Random): number => {
    // The logarithm of a product instead of a sum of logarithms; 100 factors are far from underflow.
    let product = 1;
    for (let stage = 0; stage < stages; stage++) product *= random();
    return -Math.log(product) / (stages * utilization);
  };

describe('means against closed forms', () => {
  const deviations: [string, number][] = [];
  const check = (name: string, samples: readonly number[], expected: number): void => {
    const value = deviation(samples, expected);
    deviations.push([name, value]);
    // 1 is the 99 % point; 1.75 is that of one in a hundred thousand.
    expect(value, name).toBeLessThan(1.75);
  };

  it.each(exact.poissonExponentialOneServer)('M/M/1 at $utilization', (row) => {
    const queue = manyServers({ servers: 1, utilization: row.utilization });
    const { meanTime, below } = measure(queue, queue.name, [row.p50, row.p99]);
    check(queue.name, meanTime, row.meanTime);
    check(`${queue.name}, median`, below[0]!, 0.5);
    check(`${queue.name}, p99`, below[1]!, 0.99);
  });

  it.each(exact.poissonExponentialManyServers)('M/M/$servers at $utilization', (row) => {
    const queue = manyServers(row);
    check(queue.name, measure(queue, queue.name).meanWait, row.meanWait);
  });

  it.each(exact.poissonGeneralOneServer)('M/G/1 at $utilization, scv $serviceScv', (row) => {
    const queue = generalService(row);
    check(queue.name, measure(queue, queue.name).meanWait, row.meanWait);
  });

  it.each(exact.limited)('M/M/1/$limit at $utilization', (row) => {
    const queue = limited(row);
    const { blocked, meanTime, accepted } = measure(queue, queue.name);
    check(`${queue.name}, blocked`, blocked, row.blocked);
    // A mean over all that are accepted: pods with more of them count for more.
    const excess = meanTime.map((mean, pod) => (mean - row.meanTime) * accepted[pod]!);
    check(queue.name, excess, 0);
  });

  it.each(exact.roundRobin)('E$servers/M/1, as round robin makes it, at $utilization', (row) => {
    const name = `E${row.servers}/M/1 at ${row.utilization}`;
    const queue = generalArrivals(name, row.sigma, erlang(row.servers, row.utilization));
    check(name, measure(queue, name).meanTime, row.meanTime);
  });

  it.each(exact.evenArrivals)('D/M/1 at $utilization', (row) => {
    const name = `D/M/1 at ${row.utilization}`;
    const queue = generalArrivals(name, row.sigma, () => 1 / row.utilization);
    check(name, measure(queue, name).meanTime, row.meanTime);
  });

  it('lie outside of their 99 % intervals no more often than chance has it', () => {
    const outside = deviations.filter(([, value]) => value > 1);
    // Of 80, more than 4 happen once in a thousand times.
    expect(outside.length, outside.map(([name, value]) => `${name}: ${value}`).join('\n')).toBeLessThanOrEqual(
      deviations.length / 20,
    );
  });
});

interface Call {
  readonly pod: number;
  readonly atNs: number;
  readonly serviceNs: number;
}

type Fate = { readonly doneNs: number } | 'refused' | { readonly lostNs: number };

/** The same by looking at all earlier requests of the pod anew for each. */
function naiveFates(calls: readonly Call[], endNs: number, concurrency: number, queueLimit: number): Fate[] {
  const startNs: number[] = [];
  const doneNs: number[] = [];
  return calls.map(({ pod, atNs, serviceNs }, index) => {
    startNs[index] = doneNs[index] = -Infinity;
    if (pod === 0 && atNs > endNs) return 'refused';
    const own = (other: number): boolean => calls[other]!.pod === pod && other < index;
    const earlier = [...calls.keys()].filter((other) => own(other));
    const waiting = earlier.filter((other) => startNs[other]! > atNs).length;
    // A server is free when all but `concurrency - 1` of the earlier ones are done.
    const busyUntil = earlier.map((other) => doneNs[other]!).sort((a, b) => b - a)[concurrency - 1] ?? -Infinity;
    if (busyUntil > atNs && waiting >= queueLimit) return 'refused';
    startNs[index] = Math.max(atNs, busyUntil);
    doneNs[index] = startNs[index] + serviceNs;
    return pod === 0 && doneNs[index] > endNs ? { lostNs: endNs } : { doneNs: doneNs[index] };
  });
}

describe('request by request', () => {
  // Arrivals come at full microseconds and departures never do, so that no two are at once.
  const calls = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 30 })), {
      maxLength: 40,
    })
    .map((list) =>
      list
        .map(([pod, atUs, serviceUs], index) => ({ pod, atNs: 1000 * atUs, serviceNs: 1000 * serviceUs + 1 + index }))
        .sort((a, b) => a.atNs - b.atNs),
    );

  it('is what looking at all earlier requests gives, with a pod that ends', () => {
    fc.assert(
      fc.property(
        calls,
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
        (list, endUs, concurrency, queueLimit) => {
          const simulation = new Simulation();
          const fates: Fate[] = [];
          const stations = new PodStations(simulation, {
            onServed: (request) => (fates[request] = { doneNs: simulation.nowNs }),
            onLost: (request) => (fates[request] = { lostNs: simulation.nowNs }),
          });
          stations.open(0, concurrency, queueLimit);
          stations.open(1, concurrency, queueLimit);
          const arrival = simulation.registerKind('arrival', (index) => {
            const { pod, serviceNs } = list[index]!;
            if (!stations.isOpen(pod) || !stations.arrive(pod, index, serviceNs)) fates[index] = 'refused';
            expect(stations.inService(pod)).toBeLessThanOrEqual(concurrency);
            expect(stations.waiting(pod)).toBeLessThanOrEqual(queueLimit ?? Infinity);
            expect(stations.waiting(pod) > 0 && stations.inService(pod) < concurrency).toBe(false);
          });
          list.forEach(({ atNs }, index) => simulation.schedule(atNs, arrival, index));
          const endNs = 1000 * endUs;
          simulation.schedule(
            endNs,
            simulation.registerKind('end', () => stations.end(0)),
          );
          simulation.run();
          expect(fates).toEqual(naiveFates(list, endNs, concurrency, queueLimit ?? Infinity));
        },
      ),
    );
  });

  it('measures what pods had in service, and the most that waited', () => {
    const simulation = new Simulation();
    const stations = new PodStations(simulation, { onServed: () => {}, onLost: () => {} });
    const arrival = simulation.registerKind('arrival', (request) => stations.arrive(0, request, 10));
    stations.open(0, 2, null);
    for (let request = 0; request < 5; request++) simulation.schedule(5, arrival, request);
    simulation.run(10);
    expect([stations.inService(0), stations.waiting(0), stations.mostWaiting(0)]).toEqual([2, 3, 3]);
    expect([stations.busyNs(0), stations.presentNs(0)]).toEqual([10, 10]);
    stations.restartMeasuring();
    simulation.run(20);
    expect([stations.busyNs(0), stations.presentNs(0)]).toEqual([20, 10]);
    simulation.run();
    // From 10 on: two until 25, one until 35.
    expect([stations.busyNs(0), stations.presentNs(0)]).toEqual([2 * 15 + 10, 25]);
    expect(stations.mostWaiting(0)).toBe(3);
    stations.restartMeasuring();
    expect(stations.mostWaiting(0)).toBe(0);
  });

  it('loses what a pod has when it ends, in the order in which it came, and takes no event for it', () => {
    const simulation = new Simulation();
    const lost: number[] = [];
    const stations = new PodStations(simulation, {
      onServed: () => expect.unreachable(),
      onLost: (request) => lost.push(request),
    });
    stations.open(7, 3, null);
    for (const request of [4, 2, 9, 0, 1]) stations.arrive(7, request, 100);
    stations.end(7);
    stations.end(7);
    expect(lost).toEqual([4, 2, 9, 0, 1]);
    expect([stations.inService(7), stations.waiting(7), stations.isOpen(7)]).toEqual([0, 0, false]);
    simulation.run();
  });

  it('serves as many as come where concurrency has no limit', () => {
    const simulation = new Simulation();
    let served = 0;
    const stations = new PodStations(simulation, { onServed: () => served++, onLost: () => {} });
    stations.open(0, null, null);
    for (let request = 0; request < 5000; request++) stations.arrive(0, request, 100);
    simulation.run(100);
    expect(served).toBe(5000);
  });
});

describe('service times', () => {
  it.each([0, 0.5, 1, 2])('have their mean and coefficient of variation (%d)', (variation) => {
    let sum = 0;
    let squares = 0;
    const count = 20_000;
    // Even steps of the quantile: what a long sample comes to, but for the tail.
    for (let index = 0; index < count; index++) {
      const time = drawServiceNs({ meanNs: MEAN_SERVICE_NS, variation }, (index + 0.5) / count) / MEAN_SERVICE_NS;
      sum += time;
      squares += time * time;
    }
    const mean = sum / count;
    expect(mean).toBeCloseTo(1, 2);
    expect(Math.abs(Math.sqrt(squares / count - mean * mean) - variation)).toBeLessThanOrEqual(0.05 * variation);
  });
});
