/**
 * Connections that the clients of a service hold open together and send all of their requests over.
 *
 *   request on a slot --> its connection, or a new one if it has none or its time is over --> pod, or the cause of the failure
 *   pod ended --> its connections are reset, and their slots try again at once
 *
 * A slot that gets no connection tries again with its next request. A connection carries any number of requests at a time, as HTTP/2
 * does. One whose lifetime is over is closed by the next request that finds it, as connection pools do.
 */

import type { CounterHash } from '../../../kernel/random.js';
import { exponential } from '../../../kernel/distributions.js';
import { NO_NODE, NO_POD } from '../../cluster/pods.js';
import type { ConnectingClients, ConnectionOpener } from './connection-opener.js';

/** Random numbers of connections, by slot and number of the attempt; `ofNode` may depend on the client alone. */
export interface ConnectionDraws {
  readonly ofNode: (client: number, slot: number, attempt: number) => number;
  readonly ofPod: CounterHash;
  readonly ofLifetime: CounterHash;
}

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
  readonly #untilNs: Float64Array;
  readonly #attempts: Int32Array;

  constructor(
    from: ConnectingClients,
    { connections, meanLifetimeNs }: { readonly connections: number; readonly meanLifetimeNs: number | null },
    addresses: number,
    opener: ConnectionOpener,
    draws: ConnectionDraws,
  ) {
    this.#from = from;
    this.#addresses = addresses;
    this.#meanLifetimeNs = meanLifetimeNs;
    this.#opener = opener;
    this.#draws = draws;
    this.pod = new Int32Array(connections).fill(NO_POD);
    this.node = new Int32Array(connections).fill(NO_NODE);
    this.isMasqueraded = new Uint8Array(connections);
    this.#untilNs = new Float64Array(connections);
    this.#attempts = new Int32Array(connections);
  }

  /** Every slot tries once. */
  openAll(nowNs: number): void {
    for (let slot = 0; slot < this.pod.length; slot++) this.open(slot, nowNs);
  }

  /** Whether the slot has a connection that can be used. */
  isUsable(slot: number, nowNs: number): boolean {
    return this.pod[slot] !== NO_POD && nowNs < this.#untilNs[slot]!;
  }

  /** Opens a connection in place of the slot's; false: the opener has the cause. */
  open(slot: number, nowNs: number): boolean {
    const client = slot % this.#addresses;
    if (this.pod[slot] !== NO_POD) {
      this.#opener.close(this.#from, client, this.node[slot]!, this.pod[slot]!);
      this.pod[slot] = NO_POD;
    }
    const attempt = this.#attempts[slot]!++;
    const { ofNode, ofPod, ofLifetime } = this.#draws;
    const uniform = ofPod.uniform(slot, attempt);
    if (!this.#opener.open(this.#from, client, nowNs, ofNode(client, slot, attempt), uniform)) return false;
    this.opened++;
    this.pod[slot] = this.#opener.pod;
    this.node[slot] = this.#opener.node;
    this.isMasqueraded[slot] = this.#opener.isMasqueraded ? 1 : 0;
    this.#untilNs[slot] =
      this.#meanLifetimeNs === null
        ? Infinity
        : nowNs + exponential(ofLifetime.uniform(slot, attempt), this.#meanLifetimeNs);
    return true;
  }

  /** The connections that enter by the node are gone; no client is told. */
  resetEnteringBy(node: number): void {
    for (let slot = 0; slot < this.pod.length; slot++) {
      if (this.pod[slot] === NO_POD || this.node[slot] !== node) continue;
      this.#opener.close(this.#from, slot % this.#addresses, node, this.pod[slot]!);
      this.pod[slot] = NO_POD;
    }
  }

  /** The connections to the pod are gone; `triesAgain`: its clients know it, and their slots try once, now. */
  reset(pod: number, nowNs: number, triesAgain: boolean): void {
    for (let slot = 0; slot < this.pod.length; slot++) {
      if (this.pod[slot] !== pod) continue;
      this.#opener.close(this.#from, slot % this.#addresses, this.node[slot]!, pod);
      this.pod[slot] = NO_POD;
      if (triesAgain) this.open(slot, nowNs);
    }
  }
}
