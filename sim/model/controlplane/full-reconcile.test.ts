/**
 * The model plans by difference, from the pods that changed. Kubernetes compares everything at every sync: these tests do so too,
 * by the rules in their own modules, and hold the model to the same answers.
 */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PodState, PodTable } from '../cluster/pods.js';
import { hasSameIdentity, isUnchanged, type Endpoint } from './endpoint-equality.js';
import {
  endpointsListing,
  isReadyEndpoint,
  isSelected,
  isServing,
  isSliceEndpoint,
  isTerminating,
  Listing,
} from './endpoint-membership.js';
import { EndpointSliceTracker, type TrackedSlice } from './endpoint-slice-tracker.js';
import { repackSubsets, type EndpointAddress, type EndpointSubset } from './endpoints-repack.js';
import { isSameSubsets } from './endpoints-subsets.js';
import { comparePods, type PodVersion } from './pod-update-filter.js';
import { NO_SLICE } from './published-pods.js';
import { earliestChange, SERVICE_ITSELF, ServiceChanges } from './service-changes.js';
import { createEndpoints, createSlices } from './testing/discoveries.js';
import { TriggerTimeTracker } from './trigger-time-tracker.js';
import { constantEndpointSize } from './wire-size.js';

const READY = PodState.hasAddress | PodState.ready;
const PODS = 20;
const size = constantEndpointSize(100, 0);

const state = fc.constantFrom(
  0,
  PodState.hasAddress,
  READY,
  READY | PodState.terminating,
  PodState.hasAddress | PodState.terminating,
  PodState.hasAddress | PodState.terminating | PodState.gone,
  READY | PodState.notSelected,
  PodState.hasAddress | PodState.finished,
);
/** Rounds of changes: pods that get a new state before a sync. */
const rounds = fc.array(fc.array(fc.tuple(fc.nat(PODS - 1), state), { maxLength: 6 }), { maxLength: 12 });

/** Runs the rounds on a new table; `sync` gets the pods that changed. */
function play(given: readonly (readonly [number, number][])[], start: (pods: PodTable) => (changed: number[]) => void) {
  const pods = new PodTable(PODS, 1);
  for (let pod = 0; pod < PODS; pod++) pods.create(0, pod);
  const sync = start(pods);
  for (const round of given) {
    const changed = new Set<number>();
    for (const [pod, next] of round) {
      if ((pods.observed[pod]! & PodState.gone) !== 0) continue;
      pods.observed[pod] = next;
      changed.add(pod);
    }
    sync([...changed]);
  }
}

const targetOf = (pod: number) => ({ namespace: 'default', name: `pod-${pod}`, uid: `u${pod}`, resourceVersion: '' });

describe('EndpointSlices', () => {
  test.each([false, true])('write the slices that a full comparison finds different (publish: %s)', (publish) => {
    const endpointOf = (pods: PodTable, pod: number): Endpoint => {
      const observed = pods.observed[pod]!;
      return {
        addresses: [pods.address(pod)],
        hostname: null,
        targetRef: targetOf(pod),
        nodeName: `node-${pods.node[pod]!}`,
        zone: null,
        ready: isReadyEndpoint(observed, publish),
        serving: isServing(observed),
        terminating: isTerminating(observed),
      };
    };
    fc.assert(
      fc.property(rounds, fc.integer({ min: 1, max: 6 }), (given, max) => {
        play(given, (pods) => {
          const slices = createSlices(pods, 1, size, max, { publishNotReadyAddresses: publish });
          slices.initialize(0, []);
          /** What each slice has, as last written. */
          const written = new Map<number, Map<number, Endpoint>>();
          return (changed) => {
            const desired = new Map<number, Endpoint>();
            for (let pod = 0; pod < PODS; pod++) {
              if (isSliceEndpoint(pods.observed[pod]!)) desired.set(pod, endpointOf(pods, pod));
            }
            const different = new Set<number>();
            for (const [slice, endpoints] of written) {
              for (const [pod, before] of endpoints) {
                const after = desired.get(pod);
                if (after === undefined || !hasSameIdentity(before, after) || !isUnchanged(before, after)) {
                  different.add(slice);
                }
              }
            }
            const known = new Set([...written.values()].flatMap((endpoints) => [...endpoints.keys()]));
            const news = [...desired.keys()].filter((pod) => !known.has(pod));

            const writes = slices.plan(0, changed);
            for (const write of writes) {
              slices.apply(0, write);
              if (write.verb === 'delete') written.delete(write.object);
              else written.set(write.object, new Map());
            }
            for (let pod = 0; pod < PODS; pod++) {
              const slice = slices.sliceOf(pod);
              expect(slice === NO_SLICE).toBe(!desired.has(pod));
              if (slice !== NO_SLICE) written.get(slice)!.set(pod, desired.get(pod)!);
            }
            const touched = new Set(writes.map(({ object }) => object));
            for (const slice of different) expect(touched.has(slice)).toBe(true);
            if (different.size === 0 && news.length === 0) expect(writes).toEqual([]);
          };
        });
      }),
    );
  });
});

describe('Endpoints objects', () => {
  test.each([false, true])('are written when a full comparison finds them different (publish: %s)', (publish) => {
    const http = { name: '', port: 8080, protocol: 'TCP' } as const;
    const subsetsOf = (pods: PodTable): EndpointSubset[] =>
      repackSubsets(
        Array.from({ length: PODS }, (_, pod): EndpointSubset => {
          const address: EndpointAddress = {
            ip: pods.address(pod),
            nodeName: `node-${pods.node[pod]!}`,
            targetRef: targetOf(pod),
          };
          const listing = endpointsListing(pods.observed[pod]!, publish);
          return {
            ready: listing === Listing.ready ? [address] : [],
            notReady: listing === Listing.notReady ? [address] : [],
            ports: [http],
          };
        }),
      );
    fc.assert(
      fc.property(rounds, (given) => {
        play(given, (pods) => {
          const endpoints = createEndpoints(pods, 1, size, null, { publishNotReadyAddresses: publish });
          endpoints.initialize(0, []);
          let before = subsetsOf(pods);
          return (changed) => {
            const after = subsetsOf(pods);
            const writes = endpoints.plan(0, changed);
            expect(writes.length > 0).toBe(!isSameSubsets(before, after));
            for (const write of writes) endpoints.apply(0, write);
            before = after;
            const listed = after.flatMap(({ ready, notReady }) => [...ready, ...notReady]);
            expect(endpoints.publishedEndpoints(0)).toBe(listed.length);
          };
        });
      }),
    );
  });
});

describe('trigger times', () => {
  test('are those of a tracker that looks at all pods, for services that have been synced before', () => {
    // Steps: a pod has a Ready transition now, is removed, or the service is synced.
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('transition' as const, 'removal' as const), pod: fc.nat(PODS - 1) }),
      fc.record({ kind: fc.constant('sync' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tracker = new TriggerTimeTracker();
        const changes = new ServiceChanges(1);
        const gone = new Set<number>();
        const transitionNs = new Map<number, number>();
        tracker.triggerNs(0, 0, new Map());
        steps.forEach((next, index) => {
          const nowNs = index + 1;
          if (next.kind === 'sync') {
            const listed = [...transitionNs].filter(([pod]) => !gone.has(pod));
            const expected = tracker.triggerNs(0, 0, new Map(listed));
            const { triggerNs } = earliestChange(changes.take(0), (pod) => !gone.has(pod), nowNs);
            expect(triggerNs).toBe(expected);
            return;
          }
          if (gone.has(next.pod)) return;
          const isTransition = next.kind === 'transition';
          if (isTransition) transitionNs.set(next.pod, nowNs);
          else gone.add(next.pod);
          const change = { changeNs: nowNs, committedNs: nowNs, triggerNs: isTransition ? nowNs : null };
          changes.remember(0, next.pod, change);
        });
      }),
    );
  });

  test('do not come from a pod that has left its service', () => {
    const changes = new ServiceChanges(1);
    changes.remember(0, 3, { changeNs: 5, committedNs: 6, triggerNs: 5 });
    changes.remember(0, SERVICE_ITSELF, { changeNs: 7, committedNs: 7, triggerNs: null });
    const listed = (observed: number) => earliestChange(changes.take(0), () => isSelected(observed), 9).triggerNs;
    expect(listed(READY | PodState.notSelected)).toBeNull();
  });
});

test('a cache is stale until it shows the last write of the service, which is what the tracker of generations finds', () => {
  // Writes of one service: to one of five slices, or the deletion of it; the next comes after so much time.
  const write = fc.record({ slice: fc.nat(4), isDeletion: fc.boolean(), pause: fc.nat(8) });
  const LATENCY = 5;
  fc.assert(
    fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
      const tracker = new EndpointSliceTracker();
      /** The slices as they are, by number; a slice that is created again has another uid. */
      const slices = new Map<number, TrackedSlice>();
      const onTheirWay: { readonly atNs: number; readonly shown: readonly TrackedSlice[] }[] = [];
      let nowNs = 0;
      let uid = 0;
      let visibleAtNs = 0;
      const shown = (): readonly TrackedSlice[] => onTheirWay.findLast(({ atNs }) => atNs <= nowNs)?.shown ?? [];
      const isStale = (): boolean => tracker.isStale(0, shown());
      for (const { slice, isDeletion, pause } of writes) {
        const before = slices.get(slice);
        // The controller deletes only slices that it sees.
        if (isDeletion && (before === undefined || !shown().includes(before))) continue;
        if (isDeletion) {
          tracker.expectDeletion(before!);
          slices.delete(slice);
        } else {
          const after = { service: 0, uid: before?.uid ?? uid++, generation: (before?.generation ?? 0) + 1 };
          tracker.written(after);
          slices.set(slice, after);
        }
        visibleAtNs = nowNs + LATENCY;
        onTheirWay.push({ atNs: visibleAtNs, shown: [...slices.values()] });
        for (const endNs = nowNs + pause; nowNs < endNs; nowNs++) expect(isStale()).toBe(nowNs < visibleAtNs);
      }
    }),
  );
});

test('every update of a pod that changes its endpoint passes the filter of pod updates', () => {
  const versionOf = (observed: number, resourceVersion: string): PodVersion => ({
    resourceVersion,
    isReady: (observed & PodState.ready) !== 0,
    isTerminating: (observed & PodState.terminating) !== 0,
    addresses: (observed & PodState.hasAddress) !== 0 ? ['10.0.0.1'] : [],
    labels: (observed & PodState.notSelected) !== 0 ? {} : { app: 'web' },
    hostname: '',
    subdomain: '',
  });
  // The phase is not among what the filter looks at, but no pod ends without its Ready condition turning false.
  const living = state.map((one) => one & ~(PodState.gone | PodState.finished));
  fc.assert(
    fc.property(living, living, (before, after) => {
      const { podChanged, labelsChanged } = comparePods(versionOf(before, '1'), versionOf(after, '2'));
      if (before !== after) expect(podChanged || labelsChanged).toBe(true);
    }),
  );
});
