/**
 * Opens a connection of a client: from the node where it enters to a pod, or to what makes it fail.
 *
 *   entry node --routes--> set of pods --choice of the proxy mode--> pod --acceptance--> open, or a LossCause
 *
 * What it finds stands in its fields until the next connection: no object for each.
 */

import { NO_NODE, NO_POD } from '../../cluster/pods.js';
import { Acceptance, type ConnectionRoutes } from '../connection-routes.js';
import type { ConntrackChance } from '../conntrack-chance.js';
import { LossCause } from '../loss-cause.js';
import { causeAtPod, dropCauseOf, isRefusedAtPod } from '../traffic-tally.js';
import type { BackendChoice } from './backend-choice.js';
import type { BackendChoices } from './backend-choices.js';

/** Who opens connections: the clients of one entry of the scenario, of one service. */
export interface ConnectingClients {
  /** Number of the entry. */
  readonly clients: number;
  readonly service: number;
  /** Each of their connections may enter by another node, and a node without an endpoint of its own is one that they should not use. */
  readonly isFromOutside: boolean;
}

export class ConnectionOpener {
  /** Where the last connection entered, or NO_NODE. */
  node = NO_NODE;
  /** The pod that the last connection was sent to, whether or not it has accepted; or NO_POD. */
  pod = NO_POD;
  /** Why it failed, and whether the client was told so. */
  cause: LossCause = LossCause.noEndpoints;
  isRefused = false;
  isMasqueraded = false;

  readonly #routes: ConnectionRoutes;
  readonly #choices: BackendChoices;
  readonly #acceptanceOf: (pod: number) => Acceptance;
  readonly #conntrack: ConntrackChance | null;
  #attempts = 0;

  /** `conntrack`: tables that may be full; null: none is. */
  constructor(
    routes: ConnectionRoutes,
    choices: BackendChoices,
    acceptanceOf: (pod: number) => Acceptance,
    conntrack: ConntrackChance | null = null,
  ) {
    this.#routes = routes;
    this.#choices = choices;
    this.#acceptanceOf = acceptanceOf;
    this.#conntrack = conntrack;
  }

  /** `ofNode` and `ofPod` are random numbers of [0, 1). True: `pod` has accepted it. */
  open(from: ConnectingClients, client: number, nowNs: number, ofNode: number, ofPod: number): boolean {
    const { clients, service } = from;
    this.pod = NO_POD;
    this.node = this.#routes.entryNode(clients, service, ofNode);
    if (this.node === NO_NODE) return this.#fail(LossCause.loadBalancer, false);
    const attempt = this.#attempts++;
    if (this.#conntrack?.dropsAtEntry(this.node, service, attempt) === true) {
      return this.#fail(LossCause.conntrack, false);
    }
    const route = this.#routes.routeOf(clients, service, this.node);
    const { outcome, set, isMasqueraded } = route;
    if (outcome === 'DROP') return this.#fail(dropCauseOf(route, from.isFromOutside), false);
    if (outcome === 'REJECT' || set === null) return this.#fail(LossCause.noEndpoints, true);
    this.isMasqueraded = isMasqueraded;
    const choice = this.#choices.of(clients, service, this.node);
    this.pod = choice.pick(client, set, nowNs, ofPod);
    // A server of IPVS that waits for the end of its connections refuses the clients that are hashed to it.
    if (this.pod === NO_POD) return this.#fail(LossCause.staleRules, true);
    if (this.#conntrack?.dropsAtPod(this.node, this.pod, service, attempt) === true) {
      return this.#fail(LossCause.conntrack, false);
    }
    return this.#meet(choice, client);
  }

  /** Whether the rules of the node hold the pod. */
  isHeld({ clients, service }: ConnectingClients, node: number, pod: number): boolean {
    return this.#routes.routeOf(clients, service, node).set?.pods.includes(pod) ?? false;
  }

  /** A flow goes on to the pod that the node remembers for it. True: the pod has accepted it. */
  resume({ clients, service }: ConnectingClients, client: number, node: number, pod: number): boolean {
    this.node = node;
    this.pod = pod;
    return this.#meet(this.#choices.of(clients, service, node), client);
  }

  /** A connection that was opened is over. */
  close(from: ConnectingClients, client: number, node: number, pod: number): void {
    this.#choices.closed(from.clients, from.service, node, client, pod);
  }

  /** The node remembers nothing of its connections any more. */
  forget(node: number): void {
    this.#choices.forget(node);
  }

  accepts(pod: number): boolean {
    return this.#acceptanceOf(pod) === Acceptance.accepts;
  }

  #meet(choice: BackendChoice, client: number): boolean {
    const acceptance = this.#acceptanceOf(this.pod);
    if (acceptance !== Acceptance.accepts) return this.#fail(causeAtPod(acceptance), isRefusedAtPod(acceptance));
    choice.opened(client, this.pod);
    return true;
  }

  #fail(cause: LossCause, isRefused: boolean): false {
    this.cause = cause;
    this.isRefused = isRefused;
    return false;
  }
}
