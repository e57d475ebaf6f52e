import { ApiServers } from './api-servers.js';
import { describe, expect, test } from 'vitest';

import { RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { PodState, PodTable } from '../cluster/pods.js';
import {
  EndpointController,
  type CommittedWrite,
  type EndpointControllerParameters,
  type ServiceChange,
} from './endpoint-controller.js';
import { Etcd } from './etcd.js';
import { createSlices, createTopologyNodes } from './testing/discoveries.js';
import { constantEndpointSize } from './wire-size.js';

const SECOND = 1e9;
const READY = PodState.hasAddress | PodState.ready;

const parameters: EndpointControllerParameters = {
  kubeApiQps: 20,
  kubeApiBurst: 30,
  workers: 5,
  batchPeriodNs: 0,
  retryBaseNs: SECOND,
  retryMaxNs: 1000 * SECOND,
  maxRetries: 15,
  retryQps: 10,
  retryBurst: 100,
  staleCache: 'checkedFirst',
  getLatencyNs: null,
  informerLatencyNs: 0,
  measureFromNs: 0,
  syncBaseNs: 0,
  syncPerEndpointNs: 0,
};

interface Bench {
  readonly simulation: Simulation;
  readonly commits: (CommittedWrite & { readonly commitNs: number })[];
  readonly incidents: string[];
  /** A new pod of the service turns ready at the API server at `atNs` and is seen at once. */
  readonly addPod: (service: number, atNs: number) => void;
  /** At `atNs` something happens to the controller. */
  readonly at: (atNs: number, act: (controller: EndpointController) => void) => void;
  readonly run: () => void;
}

/** A controller over services without pods, with writes that take no time unless said. */
function bench(
  services: number,
  overrides: Partial<EndpointControllerParameters> = {},
  { writeNs = 1e-3, maxEndpointsPerSlice = 100, maxRequestBytes = null as number | null } = {},
): Bench {
  const simulation = new Simulation();
  const pods = new PodTable(1, services);
  const slices = createSlices(pods, services, constantEndpointSize(100, 0), maxEndpointsPerSlice);
  const etcd = new Etcd(
    { writeLatencyNs: { median: writeNs, p99: writeNs }, maxRequestBytes },
    new RandomStreams(1, 0),
  );
  const commits: Bench['commits'] = [];
  const incidents: string[] = [];
  let acts = 0;
  const controller = new EndpointController(
    simulation,
    services,
    pods,
    slices,
    new ApiServers(simulation).client('endpointslice-controller', 'workload-high'),
    etcd,
    { ...parameters, ...overrides },
    {
      onCommit: (committed) => commits.push({ ...committed, commitNs: simulation.nowNs }),
      onUnchanged: () => incidents.push('unchanged'),
      onRejected: () => incidents.push('rejected'),
      onConflict: () => incidents.push('conflict'),
      onStaleSync: () => incidents.push('stale'),
      onDropped: () => incidents.push('dropped'),
    },
    new Set(),
  );
  for (let service = 0; service < services; service++) slices.initialize(service, []);
  const seen = simulation.registerKind('pod seen', (service, pod) => {
    pods.observed[pod] = READY;
    const nowNs = simulation.nowNs;
    controller.podsChanged(service, [pod], {
      changeNs: nowNs,
      committedNs: nowNs,
      triggerNs: nowNs,
    } satisfies ServiceChange);
  });
  return {
    simulation,
    commits,
    incidents,
    at: (atNs, act) => {
      const kind = simulation.registerKind(`act at ${atNs} (${++acts})`, () => act(controller));
      simulation.schedule(atNs, kind);
    },
    addPod: (service, atNs) => void simulation.schedule(atNs, seen, service, pods.create(service, 0)),
    run: () => void simulation.run(),
  };
}

describe('endpoint controller', () => {
  test.each([
    { services: 30, seconds: 0 },
    { services: 31, seconds: 0.05 },
    { services: 1000, seconds: 48.5 },
  ])('$services services that each need one write take $seconds s through a 20/30 client', ({ services, seconds }) => {
    const { addPod, commits, run } = bench(services);
    for (let service = 0; service < services; service++) addPod(service, 0);
    run();
    expect(commits).toHaveLength(services);
    expect(commits.at(-1)!.commitNs / SECOND).toBeCloseTo(seconds, 6);
  });

  test('with slow writes and quick clients the workers are the limit', () => {
    const { addPod, commits, run } = bench(100, { kubeApiQps: 1e6, kubeApiBurst: 1e6 }, { writeNs: 0.1 * SECOND });
    for (let service = 0; service < 100; service++) addPod(service, 0);
    run();
    // 100 writes of 0.1 s by 5 workers.
    expect(commits.at(-1)!.commitNs).toBe(2 * SECOND);
  });

  test('the batch period is a fixed window from the first event, not a debounce', () => {
    const { addPod, commits, run } = bench(1, { batchPeriodNs: SECOND });
    for (const atNs of [0, 0.4 * SECOND, 0.9 * SECOND, 1.5 * SECOND]) addPod(0, atNs);
    run();
    expect(commits.map(({ syncStartNs, write }) => [syncStartNs, write.pods.length])).toEqual([
      [SECOND, 3],
      [2.5 * SECOND, 1],
    ]);
  });

  test('without a batch period changes still collapse while the service is processed', () => {
    const { addPod, commits, run } = bench(1, {}, { writeNs: 0.1 * SECOND });
    for (let n = 0; n < 10; n++) addPod(0, n * 0.02 * SECOND);
    run();
    // The first alone; those of the next 0.1 s together; the rest together.
    expect(commits.map(({ write }) => write.pods.length)).toEqual([1, 5, 4]);
  });

  test('a change that follows within the watch round trip finds a stale cache and waits for the back-off of 1 s', () => {
    const { addPod, commits, incidents, run } = bench(1, { informerLatencyNs: 0.05 * SECOND });
    addPod(0, 0);
    addPod(0, 0.02 * SECOND);
    run();
    expect(incidents).toEqual(['stale']);
    expect(commits.map(({ syncStartNs }) => syncStartNs)).toEqual([0, 1.02 * SECOND]);
  });

  test('a later change brings a service that backs off forward: an add is not held back by the delay of another', () => {
    const { addPod, commits, run } = bench(1, { informerLatencyNs: 0.05 * SECOND });
    addPod(0, 0);
    addPod(0, 0.02 * SECOND);
    addPod(0, 0.3 * SECOND);
    run();
    expect(commits.map(({ syncStartNs }) => syncStartNs)).toEqual([0, 0.3 * SECOND]);
  });

  test('a refused write backs off 1, 2, 4 ... s and is dropped after 15 retries', () => {
    const { addPod, commits, incidents, run, simulation } = bench(1, {}, { maxRequestBytes: 50 });
    addPod(0, 0);
    run();
    expect(commits).toEqual([]);
    expect(incidents.filter((incident) => incident === 'rejected')).toHaveLength(16);
    expect(incidents.at(-1)).toBe('dropped');
    // 1 + 2 + ... + 512 s, then five times the cap of 1000 s.
    expect(simulation.nowNs / SECOND).toBeCloseTo(1023 + 5000, 6);
  });

  test('the writes of one sync follow each other, and carry the trigger time of its earliest change', () => {
    const { addPod, commits, run } = bench(1, { batchPeriodNs: SECOND }, { maxEndpointsPerSlice: 2, writeNs: 1e6 });
    for (let n = 0; n < 6; n++) addPod(0, n * 1e6);
    run();
    expect(commits.map(({ triggerNs }) => triggerNs)).toEqual([0, 0, 0]);
    expect(commits.map(({ commitNs }) => commitNs)).toEqual([SECOND + 1e6, SECOND + 2e6, SECOND + 3e6]);
    // The true change of each write is the earliest of its own pods.
    expect(commits.map(({ changeNs }) => changeNs).toSorted((a, b) => a - b)).toEqual([0, 2e6, 4e6]);
  });
});

describe('what a stale cache does', () => {
  /** A pod, and another within the watch round trip of the write for the first. */
  const twoPods = (overrides: Partial<EndpointControllerParameters>): Bench => {
    const made = bench(1, { informerLatencyNs: 3e6, retryBaseNs: 5e6, ...overrides }, { writeNs: 1e6 });
    made.addPod(0, 0);
    made.addPod(0, 2e6);
    return made;
  };
  const times = ({ commits }: Bench) => commits.map(({ commitNs, triggerNs }) => [commitNs / 1e6, triggerNs]);

  test('EndpointSlices: an error before the trigger time is looked at', () => {
    const stale = twoPods({ staleCache: 'checkedFirst' });
    stale.run();
    expect(stale.incidents).toEqual(['stale']);
    // Seen at 2 ms, backs off for 5 ms, 1 ms for the write.
    expect(times(stale)).toEqual([
      [1, 0],
      [8, 2e6],
    ]);
  });

  test('Endpoints since 1.31: an error once the trigger time was looked at, which is lost', () => {
    const stale = twoPods({ staleCache: 'checkedLate' });
    stale.run();
    expect(stale.incidents).toEqual(['stale']);
    expect(times(stale)).toEqual([
      [1, 0],
      [8, null],
    ]);
  });

  test('Endpoints before 1.31: the write is sent and refused, which takes its time and a token', () => {
    const stale = twoPods({ staleCache: 'conflict' });
    stale.run();
    expect(stale.incidents).toEqual(['conflict']);
    expect(times(stale)).toEqual([
      [1, 0],
      [9, null],
    ]);
    // Three requests through a bucket of two: the last has to wait.
    const throttled = twoPods({ staleCache: 'conflict', kubeApiQps: 10, kubeApiBurst: 2 });
    throttled.run();
    expect(times(throttled).at(-1)![0]).toBe(101);
  });

  test('an object that each sync reads from the API is never stale, at the price of a token a sync', () => {
    const reading = twoPods({ staleCache: 'conflict', getLatencyNs: 1e6, kubeApiQps: 10, kubeApiBurst: 3 });
    reading.run();
    expect(reading.incidents).toEqual([]);
    // GET and PUT within 2 ms; the GET of the second sync has the third token and its PUT waits for the fourth.
    expect(times(reading)).toEqual([
      [2, 0],
      [101, 2e6],
    ]);
  });
});

test('a sync whose write was refused has lost its trigger time', () => {
  const { addPod, commits, run } = bench(2, { staleCache: 'conflict', informerLatencyNs: 3e6 }, { writeNs: 1e6 });
  addPod(0, 0);
  addPod(0, 2e6);
  // A later transition of another pod is a trigger time of its own.
  addPod(0, 500e6);
  run();
  expect(commits.map(({ triggerNs, changeNs }) => [triggerNs, changeNs])).toEqual([
    [0, 0],
    [500e6, 2e6],
  ]);
});

describe('a resync', () => {
  test('queues every service without the batch period, and writes nothing that is up to date', () => {
    const { at, addPod, commits, run, simulation } = bench(3, { batchPeriodNs: 10 * SECOND, syncBaseNs: 1e6 });
    at(2 * SECOND, (controller) => controller.resync());
    addPod(2, 1 * SECOND);
    run();
    expect(commits.map(({ syncStartNs }) => syncStartNs)).toEqual([2 * SECOND]);
    // The delayed add of the pod is still there, and finds nothing.
    expect(simulation.nowNs).toBe(11 * SECOND + 1e6);
  });

  test('reads every object where there is no informer: (250 - 30) / 20 s until the last has its turn', () => {
    const { at, addPod, commits, run } = bench(250, { staleCache: 'conflict', getLatencyNs: 1e6 });
    at(0, (controller) => controller.resync());
    addPod(249, 0);
    run();
    // 250 GETs and the PUT behind the last of them.
    expect(commits.map(({ commitNs }) => commitNs / SECOND)).toEqual([expect.closeTo(221 / 20, 6)]);
  });
});

describe('a process that is gone', () => {
  test('leaves what had reached the API server, and nothing that waited for a token', () => {
    const { at, addPod, commits, run } = bench(40, { workers: 40 }, { writeNs: 0.1 * SECOND });
    for (let service = 0; service < 40; service++) addPod(service, 0);
    // 30 left at once; those of 0.05 and 0.1 s have left by then.
    at(0.1 * SECOND, (controller) => controller.stop());
    run();
    expect(commits).toHaveLength(32);
    expect(commits.at(-1)!.commitNs).toBe(0.2 * SECOND);
  });

  test('forgets its queue, its delays and its tokens; the next publishes what is still to be published', () => {
    const { at, addPod, commits, incidents, run } = bench(100, { informerLatencyNs: SECOND });
    for (let service = 0; service < 100; service++) addPod(service, 0);
    at(0.01 * SECOND, (controller) => controller.stop());
    // Nobody is there to hear of these, one of them of a service that was written just before.
    addPod(0, 0.5 * SECOND);
    addPod(99, 0.6 * SECOND);
    at(0.7 * SECOND, (controller) => controller.start());
    run();
    // 30 before; then 71 services, two of whose changes are in one sync, through a full bucket.
    expect(commits).toHaveLength(30 + 71);
    expect(commits[30]!.syncStartNs).toBe(0.7 * SECOND);
    expect(commits.at(-1)!.commitNs / SECOND).toBeCloseTo(0.7 + (71 - 30) / 20, 6);
    expect(commits.find(({ service, syncStartNs }) => service === 99 && syncStartNs > 0)!.write.pods).toHaveLength(2);
    expect(incidents).toEqual([]);
  });

  test('the first trigger time of each service is then its creation, and none for services of before the run', () => {
    const { at, addPod, commits, run } = bench(2);
    at(1 * SECOND, (controller) => controller.serviceCreated(1, [], 1 * SECOND));
    at(2 * SECOND, (controller) => controller.stop());
    addPod(0, 3 * SECOND);
    addPod(1, 3 * SECOND);
    at(4 * SECOND, (controller) => controller.start());
    addPod(0, 5 * SECOND);
    addPod(1, 5 * SECOND);
    run();
    const seconds = (timeNs: number | null) => (timeNs === null ? null : timeNs / SECOND);
    expect(commits.map(({ service, triggerNs, changeNs }) => [service, seconds(triggerNs), seconds(changeNs)])).toEqual(
      [
        [0, null, 3],
        [1, 1, 3],
        [0, 5, 5],
        [1, 5, 5],
      ],
    );
  });

  test('a service that is created meanwhile is published by the next', () => {
    const { at, commits, run } = bench(1);
    at(0, (controller) => controller.stop());
    at(1 * SECOND, (controller) => controller.serviceCreated(0, [], 1 * SECOND));
    at(3 * SECOND, (controller) => controller.start());
    run();
    // It has a placeholder already, in this bench: nothing to write, and no failure.
    expect(commits).toEqual([]);
  });
});

test('a service that nodes have made overloaded is synced at once, for its hints alone, without a trigger time', () => {
  const simulation = new Simulation();
  const pods = new PodTable(300, 1);
  const all = Array.from({ length: 12 }, (_, index) => {
    const pod = pods.create(0, index);
    pods.observed[pod] = READY;
    return pod;
  });
  const nodes = createTopologyNodes();
  const slices = createSlices(pods, 1, constantEndpointSize(100, 0), 100, { topologyMode: 'Auto' }, nodes);
  slices.initialize(0, all);
  const commits: CommittedWrite[] = [];
  const ignore = (): void => undefined;
  const controller = new EndpointController(
    simulation,
    1,
    pods,
    slices,
    new ApiServers(simulation).client('endpointslice-controller', 'workload-high'),
    new Etcd({ writeLatencyNs: { median: 1, p99: 1 }, maxRequestBytes: null }, new RandomStreams(1, 0)),
    { ...parameters, batchPeriodNs: SECOND },
    {
      onCommit: (committed) => commits.push(committed),
      onUnchanged: ignore,
      onRejected: ignore,
      onConflict: ignore,
      onStaleSync: ignore,
      onDropped: ignore,
    },
    new Set(),
  );
  for (const node of nodes) node.isReady = node.zone !== 0;
  for (const service of slices.nodesChanged()) controller.serviceAffected(service);
  simulation.run();
  expect(commits).toMatchObject([
    { service: 0, changeNs: 0, syncStartNs: 0, triggerNs: null, write: { verb: 'update', pods: [] } },
  ]);
});
