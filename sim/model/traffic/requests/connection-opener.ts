/**
 * Opens a connection of a client: from the node where it enters to a pod, or to what makes it fail.
 *
 *   entry node --routes--> set of pods --choice of the proxy mode--> pod --acceptance--> open, or a LossCause
 *
 * What it finds stands in its fields until the next connection: no object for each.
 */

import { NO_NODE, NO_POD } from '../../cluster/pods.js';
import { Acceptance, type ConnectionRoutes } from '../connection-routes.js';
import type { BackendChoice } from '../connections/backend-choice.js';
import type { ConntrackChance } from '../conntrack-chance.js';
import { causeAtPod, isRefusedAtPod, LossCause } from '../traffic-tally.js';

/** Who opens connections: the clients of one entry of the scenario, of one service. */
export interface ConnectingClients {
  /** Number of the entry. */
  readonly clients: number;
  readonly service: number;
  /** A node without an endpoint of its own is one that whoever sends from outside should not use. */
  readonly isFromOutside: boolean;
}

export class ConnectionOpener {
  /** Where the last connection entered, or NO_NODE. */
  node = NO_NODE;
  /** The pod of the last connection, or NO_POD: it failed. */
  pod = NO_POD;
  /** Why it failed, and whether the client was told so. */
  cause: LossCause = LossCause.noEndpoints;
  isRefused = false;
  isMasqueraded = false;

  readonly #routes: ConnectionRoutes;
  readonly #choiceOf: (clients: number, service: number, node: number) => BackendChoice;
  readonly #acceptanceOf: (pod: number) => Acceptance;
  readonly #conntrack: ConntrackChance | null;
  #attempts = 0;

  constructor(
    routes: ConnectionRoutes,
    choiceOf: (clients: number, service: number, node: number) => BackendChoice,
    acceptanceOf: (pod: number) => Acceptance,
    conntrack: ConntrackChance | null = null,
  ) {
    this.#routes = routes;
    this.#choiceOf = choiceOf;
    this.#acceptanceOf = acceptanceOf;
    this.#conntrack = conntrack;
  }

  /** Both uniform numbers are of [0, 1). True: `pod` has accepted it. */
  open(from: ConnectingClients, client: number, nowNs: number, ofNode: number, ofPod: number): boolean {
    const { clients, service } = from;
    this.pod = NO_POD;
    this.node = this.#routes.entryNode(clients, service, ofNode);
    if (this.node === NO_NODE) return this.#fail(LossCause.loadBalancer, false);
    const attempt = this.#attempts++;
    if (this.#conntrack?.dropsAtEntry(this.node, service, attempt) === true)
      return this.#fail(LossCause.conntrack, false);
    const { outcome, set, isMasqueraded } = this.#routes.routeOf(clients, service, this.node);
    if (outcome === 'DROP') {
      return this.#fail(from.isFromOutside ? LossCause.loadBalancer : LossCause.noLocalEndpoints, false);
    }
    if (outcome === 'REJECT' || set === null) return this.#fail(LossCause.noEndpoints, true);
    const choice = this.#choiceOf(clients, service, this.node);
    const pod = choice.pick(client, set, nowNs, ofPod);
    if (pod === NO_POD) return this.#fail(LossCause.staleRules, true);
    if (this.#conntrack?.dropsAtPod(this.node, pod, service, attempt) === true)
      return this.#fail(LossCause.conntrack, false);
    const acceptance = this.#acceptanceOf(pod);
    if (acceptance !== Acceptance.accepts) return this.#fail(causeAtPod(acceptance), isRefusedAtPod(acceptance));
    choice.opened(client, pod);
    this.pod = pod;
    this.isMasqueraded = isMasqueraded;
    return true;
  }

  /** A connection that was opened is over. */
  close(from: ConnectingClients, client: number, node: number, pod: number): void {
    this.#choiceOf(from.clients, from.service, node).closed(client, pod);
  }

  #fail(cause: LossCause, isRefused: boolean): false {
    this.cause = cause;
    this.isRefused = isRefused;
    return false;
  }
}
