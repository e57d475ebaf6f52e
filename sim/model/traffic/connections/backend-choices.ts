/**
 * The choices of all nodes for all services: each node remembers for itself, and for each population of clients.
 *
 *   (clients, service, node) --made when first asked for--> BackendChoice;   node lost --> forgotten
 *
 * Populations come by different addresses of a service, which is why they share none: backend-choice.ts.
 */

import type { CounterHash } from '../../../kernel/random.js';
import type { Acceptance } from '../connection-routes.js';
import { type BackendChoice, RandomChoice } from './backend-choice.js';
import { type ChoiceSettings, createBackendChoice, hasMemory } from './create-backend-choice.js';

/** Of population and serial number to the entity of a random draw: odd, and with bits all over. */
export const POPULATION_KEY = 0x9e3779b1;

/** Names the clients of one entry of the scenario, of one service, to a hash. */
export const populationKey = (clients: number, service: number): number =>
  Math.imul(Math.imul(clients + 1, POPULATION_KEY) + service, POPULATION_KEY);

/** Without memory, so that one serves all. */
const ANY_POD = new RandomChoice();

export class BackendChoices {
  readonly #settingsOf: (service: number) => ChoiceSettings;
  readonly #shuffles: CounterHash;
  readonly #acceptanceOf: (pod: number) => Acceptance;
  /** By number of the clients, by service: what nodes remember; null: they remember nothing. */
  readonly #ofClients: (Map<number, BackendChoice> | null)[][] = [];

  /**
   * @param settingsOf what all nodes have alike for a service
   * @param shuffles the hash of userspace mode
   * @param acceptanceOf how a pod meets a connection now
   */
  constructor(
    settingsOf: (service: number) => ChoiceSettings,
    shuffles: CounterHash,
    acceptanceOf: (pod: number) => Acceptance,
  ) {
    this.#settingsOf = settingsOf;
    this.#shuffles = shuffles;
    this.#acceptanceOf = acceptanceOf;
  }

  of(clients: number, service: number, node: number): BackendChoice {
    const ofNodes = this.#ofNodes(clients, service);
    if (ofNodes === null) return ANY_POD;
    let choice = ofNodes.get(node);
    if (choice === undefined) {
      const entity = populationKey(clients, service) ^ node;
      choice = createBackendChoice(this.#settingsOf(service), this.#shuffles, entity, this.#acceptanceOf);
      ofNodes.set(node, choice);
    }
    return choice;
  }

  /** A connection that `of` has opened is over: nothing to do for a node that has forgotten it. */
  closed(clients: number, service: number, node: number, client: number, pod: number): void {
    this.#ofNodes(clients, service)?.get(node)?.closed(client, pod);
  }

  /** The kernel of the node has lost what it knew. */
  forget(node: number): void {
    for (const ofServices of this.#ofClients) {
      for (const ofNodes of ofServices ?? []) ofNodes?.delete(node);
    }
  }

  #ofNodes(clients: number, service: number): Map<number, BackendChoice> | null {
    const ofServices = (this.#ofClients[clients] ??= []);
    let ofNodes = ofServices[service];
    if (ofNodes === undefined) {
      ofNodes = hasMemory(this.#settingsOf(service)) ? new Map() : null;
      ofServices[service] = ofNodes;
    }
    return ofNodes;
  }
}
