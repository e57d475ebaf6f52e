import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PodState } from '../cluster/pods.js';
import {
  endpointsListing,
  isListed,
  isReadyEndpoint,
  isServing,
  isSliceEndpoint,
  isTerminating,
  Listing,
} from './endpoint-membership.js';

interface Pod {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly hasAddress: boolean;
  readonly ready: boolean;
  readonly terminating: boolean;
}
interface Cases {
  readonly conditions: readonly {
    readonly test: string;
    readonly pod: Pod;
    readonly publishNotReadyAddresses: boolean;
    readonly expected: readonly string[];
  }[];
  readonly membership: readonly {
    readonly test: string;
    readonly pod: Pod;
    readonly includeTerminating: boolean;
    readonly expected: boolean;
  }[];
  readonly listing: readonly {
    readonly test: string;
    readonly pod: Pod;
    readonly publishNotReadyAddresses: boolean;
    readonly expected: keyof typeof Listing;
  }[];
}
const { conditions, membership, listing } = JSON.parse(
  readFileSync(new URL('endpoint-membership.cases.json', import.meta.url), 'utf8'),
) as Cases;

const stateOf = ({ phase, hasAddress, ready, terminating }: Pod): number =>
  (hasAddress ? PodState.hasAddress : 0) |
  (ready ? PodState.ready : 0) |
  (terminating ? PodState.terminating : 0) |
  (phase === 'Succeeded' || phase === 'Failed' ? PodState.finished : 0);

const conditionsOf = (state: number, publishNotReadyAddresses: boolean): string[] => [
  ...(isReadyEndpoint(state, publishNotReadyAddresses) ? ['ready'] : []),
  ...(isServing(state) ? ['serving'] : []),
  ...(isTerminating(state) ? ['terminating'] : []),
];

describe('conditions of an endpoint', () => {
  it.each(conditions)('$test', ({ pod, publishNotReadyAddresses, expected }) => {
    expect(isSliceEndpoint(stateOf(pod))).toBe(true);
    expect(conditionsOf(stateOf(pod), publishNotReadyAddresses)).toEqual(expected);
  });

  it('publishNotReadyAddresses makes every endpoint ready, and leaves serving and terminating as they are', () => {
    expect(conditionsOf(PodState.hasAddress, true)).toEqual(['ready']);
    expect(conditionsOf(PodState.hasAddress | PodState.terminating, true)).toEqual(['ready', 'terminating']);
  });

  it('a pod that is no endpoint is not ready, whatever the service publishes', () => {
    for (const bit of [PodState.gone, PodState.finished, PodState.notSelected]) {
      expect(isReadyEndpoint(PodState.hasAddress | PodState.ready | bit, true)).toBe(false);
    }
    expect(isReadyEndpoint(PodState.ready, true)).toBe(false);
  });
});

describe('membership', () => {
  it.each(membership)('$test, $includeTerminating', ({ pod, includeTerminating, expected }) => {
    expect(isListed(stateOf(pod), includeTerminating)).toBe(expected);
  });

  it('a pod that terminates stays in its slice', () => {
    expect(isSliceEndpoint(PodState.hasAddress | PodState.terminating)).toBe(true);
  });
});

describe('lists of an Endpoints object', () => {
  it.each(listing)('$pod, publishNotReadyAddresses $publishNotReadyAddresses: $expected ($test)', (entry) => {
    expect(endpointsListing(stateOf(entry.pod), entry.publishNotReadyAddresses)).toBe(Listing[entry.expected]);
  });
});
