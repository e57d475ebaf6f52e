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
import { EndpointSlices } from './endpoint-slices.js';
import { Etcd } from './etcd.js';
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
  syncBaseNs: 0,
  syncPerEndpointNs: 0,
};

interface Bench {
  readonly simulation: Simulation;
  readonly commits: (CommittedWrite & { readonly commitNs: number })[];
  readonly incidents: string[];
  /** A new pod of the service turns ready at the API server at `atNs` and is seen at once. */
  readonly addPod: (service: number, atNs: number) => void;
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
  const slices = new EndpointSlices(pods, services, constantEndpointSize(100, 0), maxEndpointsPerSlice);
  const etcd = new Etcd(
    { writeLatencyNs: { median: writeNs, p99: writeNs }, maxRequestBytes },
    new RandomStreams(1, 0),
  );
  const commits: Bench['commits'] = [];
  const incidents: string[] = [];
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
