/**
 * How userspace mode picks an endpoint of a service port on one node (pkg/proxy/userspace, roundrobin.go and proxysocket.go).
 *
 *   endpoints of the service --update--> [shuffled list, next index] --pick--> endpoint
 *                                        [client --> endpoint, last flow]       for affinity ClientIP
 *   flow --connect--> attempts, each to another endpoint, until one answers
 *
 * The only mode that notices a dead endpoint: kube-proxy opens the connection itself, and tries the next endpoint when the
 * first one refuses or is silent. The client sees a delay instead of an error.
 *
 * Left out: the copying of bytes, UDP (a packet that is lost is lost), the limit of open files.
 */

import type { CounterHash } from '../../../../kernel/random.js';
import { USERSPACE_RULES } from '../../../versions/userspace-rules.js';

/** No endpoint. */
export const NO_ENDPOINT = -1;

const NS_PER_SECOND = 1e9;
const DIAL_TIMEOUTS_NS = USERSPACE_RULES.dialTimeouts.value.map((timeoutSeconds) => timeoutSeconds * NS_PER_SECOND);
const DEFAULT_AFFINITY_TIMEOUT_NS = USERSPACE_RULES.affinityTimeout.value * NS_PER_SECOND;

/**
 * What becomes of an attempt to connect to an endpoint: the nanoseconds after which it answers, or after which it refuses as a
 * negative number (at least one), or Infinity if it is silent.
 */
export type Dial = (endpoint: number) => number;

export interface Connection {
  /** NO_ENDPOINT: every attempt failed and the client's connection is closed. */
  endpoint: number;
  /** From the client's connection to that of the endpoint, or to the end of it. */
  delayNs: number;
  attempts: number;
}

interface Affinity {
  endpoint: number;
  lastUsedNs: number;
}

export class UserspaceLoadBalancer {
  readonly #hash: CounterHash;
  readonly #entity: number;
  readonly #affinityTimeoutNs: number | null;
  #endpoints = new Int32Array(0);
  #next = 0;
  #draws = 0;
  readonly #affinity = new Map<number, Affinity>();

  /**
   * `entity`: names this service port on this node to `hash`. `affinityTimeoutNs`: of sessionAffinity ClientIP, 0 for its default;
   * null without affinity.
   */
  constructor(hash: CounterHash, entity: number, affinityTimeoutNs: number | null = null) {
    this.#hash = hash;
    this.#entity = entity;
    this.#affinityTimeoutNs = affinityTimeoutNs === 0 ? DEFAULT_AFFINITY_TIMEOUT_NS : affinityTimeoutNs;
  }

  /** In the order in which they have their turns. */
  get endpoints(): readonly number[] {
    return [...this.#endpoints];
  }

  /** Clients that are bound to an endpoint, or were and have not been forgotten yet. */
  get clients(): number {
    return this.#affinity.size;
  }

  /** The service has these endpoints now. The same as before in any order: nothing happens. */
  update(endpoints: readonly number[]): void {
    const present = new Set(endpoints);
    if (present.size === this.#endpoints.length && this.#endpoints.every((endpoint) => present.has(endpoint))) return;
    for (const [client, { endpoint }] of this.#affinity) if (!present.has(endpoint)) this.#affinity.delete(client);
    // In an order that does not depend on the one in which they were given, shuffled by Fisher and Yates.
    const shuffled = Int32Array.from(present).sort();
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = Math.floor(this.#hash.uniform(this.#entity, this.#draws++) * (last + 1));
      const endpoint = shuffled[last]!;
      shuffled[last] = shuffled[other]!;
      shuffled[other] = endpoint;
    }
    this.#endpoints = shuffled;
    this.#next = 0;
  }

  /** The endpoint for a flow of `client`; with `resetsAffinity`, whatever endpoint it is bound to. */
  pick(client: number, nowNs: number, resetsAffinity = false): number {
    const count = this.#endpoints.length;
    if (count === 0) return NO_ENDPOINT;
    const affinity = this.#affinityTimeoutNs === null ? undefined : this.#affinity.get(client);
    if (affinity !== undefined && !resetsAffinity && nowNs - affinity.lastUsedNs < this.#affinityTimeoutNs!) {
      affinity.lastUsedNs = nowNs;
      return affinity.endpoint;
    }
    const endpoint = this.#endpoints[this.#next]!;
    this.#next = (this.#next + 1) % count;
    if (this.#affinityTimeoutNs === null) return endpoint;
    if (affinity === undefined) this.#affinity.set(client, { endpoint, lastUsedNs: nowNs });
    else {
      affinity.endpoint = endpoint;
      affinity.lastUsedNs = nowNs;
    }
    return endpoint;
  }

  /**
   * Connects a flow of `client` to an endpoint, and fills in `connection`. Each attempt has a longer time-out than the one before
   * and goes to the next endpoint; the last failure is the client's.
   */
  connect(client: number, nowNs: number, dial: Dial, connection: Connection): void {
    connection.endpoint = NO_ENDPOINT;
    connection.delayNs = 0;
    connection.attempts = 0;
    for (const timeoutNs of DIAL_TIMEOUTS_NS) {
      const endpoint = this.pick(client, nowNs + connection.delayNs, connection.attempts > 0);
      if (endpoint === NO_ENDPOINT) return;
      connection.attempts++;
      const answerNs = dial(endpoint);
      connection.delayNs += Math.min(Math.abs(answerNs), timeoutNs);
      if (answerNs >= 0 && answerNs <= timeoutNs) {
        connection.endpoint = endpoint;
        return;
      }
    }
  }

  /** Forgets clients whose last flow is as long ago as the time-out; does so in every full sync. */
  forgetClients(nowNs: number): void {
    if (this.#affinityTimeoutNs === null) return;
    for (const [client, { lastUsedNs }] of this.#affinity) {
      if (nowNs - lastUsedNs >= this.#affinityTimeoutNs) this.#affinity.delete(client);
    }
  }
}
