/**
 * The pods of a cluster as a table: where each runs, and what the controllers' informer knows of it. A pod that is gone keeps
 * its row, so that a pod number means one pod for the whole run.
 *
 *   workload, kubelet --> condition --writes--> stored --informer--> observed --endpoint controller--> published
 *                                                                            (controlplane/published-pods.ts)
 *
 * Addresses that somebody wrote into the Endpoints of a service without selector have rows as well: they are endpoints like
 * pods, but run on no node.
 *
 * Left out: single containers, the phase Unknown.
 */

import { widen } from './columns.js';
import type { IpFamily } from './services.js';

/** A pod's state as bits, the same in `condition`, in `observed` and in what is published. */
export const PodState = {
  /** The pod has an IP address, so it can be an endpoint. */
  hasAddress: 1,
  /** Its Ready condition is true. */
  ready: 2,
  /** Its deletionTimestamp is set. */
  terminating: 4,
  /** It has been removed from the API. */
  gone: 8,
  /** Its labels do not match the selector of its service. */
  notSelected: 16,
  /** Its phase is Succeeded or Failed: the containers have ended and will not be started again. */
  finished: 32,
} as const;

/** How far a pod has come at its node. */
export const PodStage = {
  /** It has no node yet. */
  unbound: 0,
  /** Its containers are being started, for the first time or again. */
  bound: 1,
  running: 2,
  /** Its containers have stopped for good. */
  stopped: 3,
} as const;

/** The end of a list of pods. */
export const NO_POD = -1;

/** The node of an address that is no pod. */
export const NO_NODE = -1;

const INITIAL_CAPACITY = 1024;
/** 172.16.0.0, private (RFC 1918) and not a pod's. */
const FIRST_FOREIGN_ADDRESS = 0xac100000;

/** Growing columns, indexed by pod. */
export class PodTable {
  count = 0;
  service = new Int32Array(INITIAL_CAPACITY);
  node = new Int32Array(INITIAL_CAPACITY);
  /** Number of the pod among all that its service ever had: the key of its random draws, equal in every variant. */
  ordinal = new Int32Array(INITIAL_CAPACITY);
  /** Revision of its service's pod template that it was made from. */
  revision = new Int32Array(INITIAL_CAPACITY);
  /** As it truly is, whether or not anybody has heard of it. */
  condition = new Uint8Array(INITIAL_CAPACITY);
  /** As the API server has it. */
  stored = new Uint8Array(INITIAL_CAPACITY);
  /** As the controllers' informer has it. */
  observed = new Uint8Array(INITIAL_CAPACITY);
  /** Host part of its address: the n-th pod of its node. */
  hostNumber = new Int32Array(INITIAL_CAPACITY);
  /** How far it has come at its node, of PodStage. */
  stage = new Uint8Array(INITIAL_CAPACITY);
  /** The pod that its node got before it, or NO_POD: all pods that a node ever had are a list. */
  earlierOnNode = new Int32Array(INITIAL_CAPACITY);

  /** The pod that each node got last, or NO_POD. */
  readonly #latestOnNode: Int32Array;
  readonly #podsOfNode: Int32Array;
  readonly #podsOfService: Int32Array;

  constructor(nodes: number, services: number) {
    this.#latestOnNode = new Int32Array(nodes).fill(NO_POD);
    this.#podsOfNode = new Int32Array(nodes);
    this.#podsOfService = new Int32Array(services);
  }

  /** Adds a pod without an address and returns its number. */
  create(service: number, node: number): number {
    if (this.count === this.service.length) this.#grow();
    const pod = this.count++;
    this.service[pod] = service;
    this.ordinal[pod] = this.#podsOfService[service]!++;
    this.#put(pod, node);
    return pod;
  }

  /** What `ordinal` of the next pod of the service will be. */
  nextOrdinal(service: number): number {
    return this.#podsOfService[service]!;
  }

  /** Moves a pod that has not been bound yet to another node. */
  move(pod: number, node: number): void {
    const old = this.node[pod]!;
    const earlier = this.earlierOnNode[pod]!;
    let later = this.#latestOnNode[old]!;
    if (later === pod) {
      this.#latestOnNode[old] = earlier;
    } else {
      while (this.earlierOnNode[later] !== pod) later = this.earlierOnNode[later]!;
      this.earlierOnNode[later] = earlier;
    }
    this.#put(pod, node);
  }

  /** Pods of the node that are still in the API, the latest first. */
  podsOn(node: number): number[] {
    const pods: number[] = [];
    for (let pod = this.#latestOnNode[node]!; pod !== NO_POD; pod = this.earlierOnNode[pod]!) {
      if ((this.stored[pod]! & PodState.gone) === 0) pods.push(pod);
    }
    return pods;
  }

  #put(pod: number, node: number): void {
    this.node[pod] = node;
    this.hostNumber[pod] = this.#podsOfNode[node]!++;
    this.earlierOnNode[pod] = this.#latestOnNode[node]!;
    this.#latestOnNode[node] = pod;
  }

  /** Adds an address that is no pod and returns its number. */
  createAddress(service: number): number {
    if (this.count === this.service.length) this.#grow();
    const row = this.count++;
    this.service[row] = service;
    this.node[row] = NO_NODE;
    this.ordinal[row] = this.#podsOfService[service]!++;
    return row;
  }

  /**
   * The pod's address: the n-th host of its node's /24 block (IPv6: /64), blocks being dealt from 10.0.0.0 (fd00::) upwards in
   * node order. IPv4 host numbers start again after 254 pods, so more pods than that on a node share addresses; only the order
   * in which an Endpoints object is truncated depends on them. Addresses that are no pods are IPv4, dealt from 172.16.0.0
   * upwards, for each service anew.
   */
  address(pod: number, family: IpFamily = 'IPv4'): string {
    const block = this.node[pod]!;
    if (block === NO_NODE) {
      const address = FIRST_FOREIGN_ADDRESS + this.ordinal[pod]!;
      return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
    }
    if (family === 'IPv6') {
      const groups = [block >>> 16, block & 0xffff].map((group) => group.toString(16)).join(':');
      return `fd00:${groups}::${(1 + this.hostNumber[pod]!).toString(16)}`;
    }
    const host = 1 + (this.hostNumber[pod]! % 254);
    return `${10 + (block >>> 16)}.${(block >>> 8) & 255}.${block & 255}.${host}`;
  }

  #grow(): void {
    const capacity = this.service.length * 2;
    this.service = widen(this.service, capacity);
    this.node = widen(this.node, capacity);
    this.ordinal = widen(this.ordinal, capacity);
    this.revision = widen(this.revision, capacity);
    this.condition = widen(this.condition, capacity);
    this.stored = widen(this.stored, capacity);
    this.observed = widen(this.observed, capacity);
    this.hostNumber = widen(this.hostNumber, capacity);
    this.stage = widen(this.stage, capacity);
    this.earlierOnNode = widen(this.earlierOnNode, capacity);
  }
}
