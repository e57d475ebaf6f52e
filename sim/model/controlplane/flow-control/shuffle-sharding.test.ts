import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStreams } from '../../../kernel/random.js';
import { dealHand } from './shuffle-sharding.js';

test('a hand has distinct cards of the deck', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 128 }),
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 15, maxLength: 15 }),
      (deckSize, draws) => {
        const hand = [...dealHand(deckSize, Math.min(deckSize, 15), (card) => draws[card]!)];
        expect(new Set(hand).size).toBe(hand.length);
        for (const card of hand) expect(card).toBeLessThan(deckSize);
      },
    ),
  );
});

test('every card is as likely in every place of the hand', () => {
  const hash = new RandomStreams(1, 0).hash('deal');
  const counts = Array.from({ length: 6 }, () => new Int32Array(16));
  const deals = 32_000;
  for (let flow = 0; flow < deals; flow++) {
    dealHand(16, 6, (card) => hash.uniform(flow, card)).forEach((queue, place) => counts[place]![queue]!++);
  }
  // Chi-square with 15 degrees of freedom: 44.3 is exceeded once in 10,000 times.
  for (const place of counts) {
    const expected = deals / 16;
    const chiSquare = place.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(44.3);
  }
});

test('two flows rarely share a hand, and one flow always has its own', () => {
  const hash = new RandomStreams(1, 0).hash('deal');
  const handOf = (flow: number): string =>
    [...dealHand(128, 6, (card) => hash.uniform(flow, card))].sort((a, b) => a - b).join();
  expect(handOf(7)).toBe(handOf(7));
  expect(new Set(Array.from({ length: 5000 }, (_, flow) => handOf(flow))).size).toBe(5000);
});
