/**
 * Shuffle sharding (apiserver pkg/util/shufflesharding): a flow is dealt a hand of queues, the same one each time. A flow that
 * fills its hand leaves most other flows at least one queue that is not in it.
 *
 *   flow --hash--> hand of distinct queues, every hand equally likely
 */

/**
 * Deals `handSize` distinct numbers below `deckSize`. `uniform(card)` is the flow's own random number in (0, 1) for each card:
 * card after card is drawn from those that are left.
 */
export function dealHand(deckSize: number, handSize: number, uniform: (card: number) => number): Uint8Array {
  const hand = new Uint8Array(handSize);
  for (let card = 0; card < handSize; card++) {
    let queue = Math.floor(uniform(card) * (deckSize - card));
    // The rank among the cards that are left becomes a number by stepping over those dealt before, in ascending order.
    const dealt = hand.slice(0, card).sort();
    for (const taken of dealt) if (queue >= taken) queue++;
    hand[card] = queue;
  }
  return hand;
}
