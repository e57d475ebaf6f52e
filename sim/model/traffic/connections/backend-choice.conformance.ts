/** What every choice of a pod has to do with affinity ClientIP and without, whatever the proxy mode. */

import { describe, expect, it } from 'vitest';
import { RandomStreams } from '../../../kernel/random.js';
import { NO_POD } from '../../cluster/pods.js';
import type { BackendChoice } from './backend-choice.js';

export const setOf = (...pods: readonly number[]) => ({ pods: Int32Array.from(pods) });

const SECOND = 1e9;
export const TIMEOUT_NS = 10_800 * SECOND;

export function describeBackendChoice(
  name: string,
  /** A choice on a node of its own; every pod answers. */
  create: (affinityTimeoutNs: number | null) => BackendChoice,
): void {
  const hash = new RandomStreams(7, 0).hash('conformance');
  let draws = 0;
  const pick = (choice: BackendChoice, client: number, set: ReturnType<typeof setOf>, nowNs = 0): number =>
    choice.pick(client, set, nowNs, hash.uniform(1, draws++));

  describe(name, () => {
    it('gives each pod of the set its turn, and no other', () => {
      const choice = create(null);
      const picked = new Set(Array.from({ length: 200 }, (_, client) => pick(choice, client, setOf(3, 5, 9))));
      expect([...picked].sort((a, b) => a - b)).toEqual([3, 5, 9]);
      const without = setOf(3, 9, 11);
      const later = new Set(Array.from({ length: 200 }, (_, client) => pick(choice, client, without, SECOND)));
      expect([...later].sort((a, b) => a - b)).toEqual([3, 9, 11]);
    });

    it('keeps a client with its pod for the time-out after its last flow', () => {
      const choice = create(TIMEOUT_NS);
      const set = setOf(...Array.from({ length: 50 }, (_, pod) => pod));
      const first = Array.from({ length: 37 }, (_, client) => pick(choice, client, set));
      expect(new Set(first).size).toBeGreaterThan(15);
      for (const hours of [2, 4, 6]) {
        const again = first.map((_, client) => pick(choice, client, set, hours * 3600 * SECOND));
        expect(again).toEqual(first);
      }
      const late = first.map((_, client) => pick(choice, client, set, 6 * 3600 * SECOND + TIMEOUT_NS));
      expect(late).not.toEqual(first);
    });

    it('keeps clients whose pod stays, and no other, when pods come and go', () => {
      const choice = create(TIMEOUT_NS);
      const clients = Array.from({ length: 60 }, (_, client) => client);
      const first = clients.map((client) => pick(choice, client, setOf(1, 2, 3)));
      const then = clients.map((client) => pick(choice, client, setOf(1, 2, 4), SECOND));
      clients.forEach((client) => {
        if (first[client] === 3) expect([1, 2, 4]).toContain(then[client]);
        else expect(then[client]).toBe(first[client]);
      });
      expect(then.filter((pod, client) => pod === 4 && first[client] !== 3)).toEqual([]);
      // Pod 3 is back: whoever was bound to it has been bound to another one since.
      const back = clients.map((client) => pick(choice, client, setOf(1, 2, 3, 4), 2 * SECOND));
      expect(back).toEqual(then);
    });

    it('counts connections as they come and go, also of pods that the rules no longer hold', () => {
      const choice = create(TIMEOUT_NS);
      const pods = Array.from({ length: 30 }, (_, client) => {
        const pod = pick(choice, client, setOf(1, 2, 3));
        choice.opened(client, pod);
        return pod;
      });
      for (let client = 0; client < 30; client++) expect(pick(choice, 100 + client, setOf(2), SECOND)).toBe(2);
      pods.forEach((pod, client) => choice.closed(client, pod));
      for (let client = 0; client < 30; client++) {
        expect([1, 2, 3]).toContain(pick(choice, 200 + client, setOf(1, 2, 3), 100 * SECOND));
      }
    });

    it('has no pod when the set is empty', () => {
      expect(pick(create(null), 1, setOf())).toBe(NO_POD);
      expect(pick(create(TIMEOUT_NS), 1, setOf())).toBe(NO_POD);
    });
  });
}
