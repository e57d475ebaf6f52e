import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { evictionRates, zoneState, type EvictionSettings, type ZoneState } from './zone-disruption.js';

const { cases } = JSON.parse(readFileSync(new URL('zone-disruption.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly {
    readonly name: string;
    readonly settings: EvictionSettings;
    readonly zones: readonly { readonly ready: number; readonly notReady: number }[];
    readonly states: readonly ZoneState[];
    readonly rates: readonly number[];
    readonly allDisrupted: boolean;
  }[];
};

describe('zones that lose nodes', () => {
  test.each(cases)('$name', ({ zones, settings, states, rates, allDisrupted }) => {
    expect(evictionRates(zones, settings)).toEqual({ states, rates, allDisrupted });
  });
});

test('no zone goes faster because more of its nodes are down, unless all of them are', () => {
  const { settings } = cases[0]!;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (nodes) => {
      let before = Infinity;
      for (let notReady = 0; notReady < nodes; notReady++) {
        const zones = [
          { ready: nodes - notReady, notReady },
          { ready: 1, notReady: 0 },
        ];
        const rate = evictionRates(zones, settings).rates[0]!;
        expect(rate).toBeLessThanOrEqual(before);
        before = rate;
      }
      expect(zoneState(0, nodes, settings.unhealthyZoneThreshold)).toBe('fullDisruption');
    }),
  );
});
