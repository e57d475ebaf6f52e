/**
 * The choice of userspace mode: by turns and with a memory for affinity, both in kube-proxy, which opens the connection to the pod
 * itself and goes on to the next one when a pod refuses or does not answer.
 *
 *   set of pods of the rules --> shuffled list; flow --> attempts --> the pod of the last one
 */

import type { CounterHash } from '../../../kernel/random.js';
import { NO_POD } from '../../cluster/pods.js';
import {
  type Connection,
  type Dial,
  NO_ENDPOINT,
  UserspaceLoadBalancer,
} from '../../node/proxy-modes/userspace/userspace-load-balancer.js';
import { Acceptance, type EndpointSet } from '../connection-routes.js';
import { isRefusedAtPod } from '../traffic-tally.js';
import type { BackendChoice } from './backend-choice.js';

/** Nanoseconds after which a pod refuses, as `Dial` has them: at once. */
const REFUSES = -1;

export class UserspaceChoice implements BackendChoice {
  readonly #balancer: UserspaceLoadBalancer;
  readonly #dial: Dial;
  readonly #connection: Connection = { endpoint: NO_ENDPOINT, delayNs: 0, attempts: 0 };
  #set: EndpointSet | null = null;
  #lastTried = NO_POD;

  /**
   * @param entity names this service on this node to `hash`
   * @param acceptanceOf how a pod meets a connection now
   * @param affinityTimeoutNs null: no affinity
   */
  constructor(
    hash: CounterHash,
    entity: number,
    acceptanceOf: (pod: number) => Acceptance,
    affinityTimeoutNs: number | null,
  ) {
    this.#balancer = new UserspaceLoadBalancer(hash, entity, affinityTimeoutNs);
    this.#dial = (pod) => {
      this.#lastTried = pod;
      const acceptance = acceptanceOf(pod);
      if (acceptance === Acceptance.accepts) return 0;
      return isRefusedAtPod(acceptance) ? REFUSES : Infinity;
    };
  }

  /** When no attempt was answered, the pod of the last one. */
  pick(client: number, set: EndpointSet, nowNs: number): number {
    if (set !== this.#set) {
      this.#set = set;
      this.#balancer.update([...set.pods]);
    }
    this.#lastTried = NO_POD;
    this.#balancer.connect(client, nowNs, this.#dial, this.#connection);
    return this.#connection.endpoint === NO_ENDPOINT ? this.#lastTried : this.#connection.endpoint;
  }

  opened(): void {}

  closed(): void {}
}
