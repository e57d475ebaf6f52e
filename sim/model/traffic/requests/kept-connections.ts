/**
 * Connections that the clients of a service hold open together and send all of their requests over.
 *
 *   request on a slot --> its connection, or a new one if it has none --> pod, or the cause of the failure
 *   lifetime over, pod ended, entry node lost --> the connection is gone, and its slot tries again at once
 *
 * A slot that gets no connection tries again with its next request, as at the other levels of detail. A connection carries any number
 * of requests at a time, as HTTP/2 does; those that it has when its client closes it are finished.
 */

import type { CounterHash } from '../../../kernel/random.js';
import { exponential } from '../../../kernel/distributions.js';
import { NO_NODE, NO_POD } from '../../cluster/pods.js';
import type { ConnectingClients, ConnectionOpener } from '../connections/connection-opener.js';

/** Random numbers of connections, by slot and number of the attempt; `ofNode` may depend on the client alone. */
export interface ConnectionDraws {
  readonly ofNode: (client: number, slot: number, attempt: number) => number;
  readonly ofPod: CounterHash;
  readonly ofLifetime: CounterHash;
}

/** Events at which lifetimes of connections are over. */
export interface LifetimeEvents {
  /** `lifetimeOver(slot)` is to be called at that time. */
  schedule(slot: number, atNs: number): number;
  cancel(event: number): void;
}

const NO_EVENT = -1;

export class KeptConnections {
  /** By slot: the pod, or NO_POD, and the node where it enters. */
  readonly pod: Int32Array;
  readonly node: Int32Array;
  readonly isMasqueraded: Uint8Array;
  /** Connections that were opened. */
  opened = 0;

  readonly #from: ConnectingClients;
  readonly #addresses: number;
  readonly #meanLifetimeNs: number | null;
  readonly #opener: ConnectionOpener;
  readonly #draws: ConnectionDraws;
  readonly #lifetimes: LifetimeEvents;
  /** By slot. */
  readonly #endOfLifetime: Float64Array;
  readonly #attempts: Int32Array;

  constructor(
    from: ConnectingClients,
    { connections, meanLifetimeNs }: { readonly connections: number; readonly meanLifetimeNs: number | null },
    addresses: number,
    opener: ConnectionOpener,
    draws: ConnectionDraws,
    lifetimes: LifetimeEvents,
  ) {
    this.#from = from;
    this.#addresses = addresses;
    this.#meanLifetimeNs = meanLifetimeNs;
    this.#opener = opener;
    this.#draws = draws;
    this.#lifetimes = lifetimes;
    this.pod = new Int32Array(connections).fill(NO_POD);
    this.node = new Int32Array(connections).fill(NO_NODE);
    this.isMasqueraded = new Uint8Array(connections);
    this.#endOfLifetime = new Float64Array(connections).fill(NO_EVENT);
    this.#attempts = new Int32Array(connections);
  }

  /** Every slot tries once. */
  openAll(nowNs: number): void {
    for (let slot = 0; slot < this.pod.length; slot++) this.open(slot, nowNs);
  }

  /** Whether the slot has a connection. */
  isOpen(slot: number): boolean {
    return this.pod[slot] !== NO_POD;
  }

  /** The client closes the connection of the slot, and opens another one. */
  lifetimeOver(slot: number, nowNs: number): void {
    this.#endOfLifetime[slot] = NO_EVENT;
    this.#opener.close(this.#from, slot % this.#addresses, this.node[slot]!, this.pod[slot]!);
    this.pod[slot] = NO_POD;
    this.open(slot, nowNs);
  }

  /** Connections that are open stay so, whatever their lifetimes. */
  stop(): void {
    for (let slot = 0; slot < this.pod.length; slot++) this.#forgetLifetime(slot);
  }

  /** Opens a connection for a slot that has none; false: the opener has the cause. */
  open(slot: number, nowNs: number): boolean {
    const client = slot % this.#addresses;
    const attempt = this.#attempts[slot]!++;
    const { ofNode, ofPod, ofLifetime } = this.#draws;
    const uniform = ofPod.uniform(slot, attempt);
    if (!this.#opener.open(this.#from, client, nowNs, ofNode(client, slot, attempt), uniform)) return false;
    this.opened++;
    this.pod[slot] = this.#opener.pod;
    this.node[slot] = this.#opener.node;
    this.isMasqueraded[slot] = this.#opener.isMasqueraded ? 1 : 0;
    if (this.#meanLifetimeNs === null) return true;
    const lifetimeNs = Math.max(1, Math.round(exponential(ofLifetime.uniform(slot, attempt), this.#meanLifetimeNs)));
    this.#endOfLifetime[slot] = this.#lifetimes.schedule(slot, nowNs + lifetimeNs);
    return true;
  }

  /** The connections to the pod are gone; `triesAgain`: its clients know it, and their slots try once, now. */
  reset(pod: number, nowNs: number, triesAgain: boolean): void {
    for (let slot = 0; slot < this.pod.length; slot++) {
      if (this.pod[slot] !== pod) continue;
      this.#opener.close(this.#from, slot % this.#addresses, this.node[slot]!, pod);
      this.pod[slot] = NO_POD;
      this.#forgetLifetime(slot);
      if (triesAgain) this.open(slot, nowNs);
    }
  }

  /** Connections that entered by the node are gone, and their slots try once, now. */
  nodeLost(node: number, nowNs: number): void {
    for (let slot = 0; slot < this.pod.length; slot++) {
      const pod = this.pod[slot]!;
      if (pod === NO_POD || this.node[slot] !== node) continue;
      this.#opener.close(this.#from, slot % this.#addresses, node, pod);
      this.pod[slot] = NO_POD;
      this.#forgetLifetime(slot);
      this.open(slot, nowNs);
    }
  }

  #forgetLifetime(slot: number): void {
    const event = this.#endOfLifetime[slot]!;
    if (event === NO_EVENT) return;
    this.#lifetimes.cancel(event);
    this.#endOfLifetime[slot] = NO_EVENT;
  }
}
