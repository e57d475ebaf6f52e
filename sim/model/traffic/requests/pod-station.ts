/**
 * Requests in pods: a pod works on so many at a time, the others wait in the order in which they came.
 *
 *   arrive --> [waiting, at most queueLimit] --> [in service, at most concurrency] --departure--> listener.onServed
 *                        |                                 |
 *                        '----------- the pod ends --------'--> listener.onLost
 *
 * Requests are numbers that the caller deals out; what is said of one stands in columns, and the lists of those that wait and of those
 * in service are threaded through them. A departure is the only event. A pod that stops accepting finishes what it has: whether it
 * accepts is for the caller to ask (connection-routes.ts).
 *
 * Left out: requests that slow each other down (processor sharing), and clients that give up on one that they have sent.
 */

import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import { widen } from '../../cluster/columns.js';

export interface StationListener {
  /** The pod has answered, now. */
  onServed(request: number): void;
  /** The pod ended while it had the request. */
  onLost(request: number): void;
}

const NONE = -1;
const INITIAL_CAPACITY = 256;
/** What stands for "as many as come". */
const UNLIMITED = 0x7fff_ffff;

export class PodStations {
  /** Requests that all pods together have in service: as many departures are pending. */
  totalInService = 0;

  readonly #simulation: Simulation;
  readonly #listener: StationListener;
  readonly #departureKind: EventKind;

  // Columns by pod.
  #concurrency = new Int32Array(INITIAL_CAPACITY);
  #queueLimit = new Int32Array(INITIAL_CAPACITY);
  #inService = new Int32Array(INITIAL_CAPACITY);
  #waiting = new Int32Array(INITIAL_CAPACITY);
  #mostWaiting = new Int32Array(INITIAL_CAPACITY);
  #firstInService = new Int32Array(INITIAL_CAPACITY);
  #firstWaiting = new Int32Array(INITIAL_CAPACITY);
  #lastWaiting = new Int32Array(INITIAL_CAPACITY);
  /** Requests in service, integrated over time up to `changedNs`. */
  #busyNs = new Float64Array(INITIAL_CAPACITY);
  #changedNs = new Float64Array(INITIAL_CAPACITY);
  #openedNs = new Float64Array(INITIAL_CAPACITY);
  /** How long it was there, up to its last end. */
  #presentNs = new Float64Array(INITIAL_CAPACITY);
  /** Infinity while it is there; 0 of a pod that never was. */
  #endedNs = new Float64Array(INITIAL_CAPACITY);

  // Columns by request.
  #pod = new Int32Array(INITIAL_CAPACITY);
  #serviceNs = new Float64Array(INITIAL_CAPACITY);
  #departure = new Float64Array(INITIAL_CAPACITY);
  #next = new Int32Array(INITIAL_CAPACITY);
  /** Of a request in service. */
  #previous = new Int32Array(INITIAL_CAPACITY);

  constructor(simulation: Simulation, listener: StationListener, name = 'request-served') {
    this.#simulation = simulation;
    this.#listener = listener;
    this.#departureKind = simulation.registerKind(name, (request) => this.#depart(request));
  }

  /** A pod is there from now on, or again, with nothing to do. `null`: as many as come. */
  open(pod: number, concurrency: number | null, queueLimit: number | null): void {
    this.#coverPod(pod);
    this.#concurrency[pod] = concurrency ?? UNLIMITED;
    this.#queueLimit[pod] = queueLimit ?? UNLIMITED;
    this.#firstInService[pod] = NONE;
    this.#firstWaiting[pod] = NONE;
    this.#lastWaiting[pod] = NONE;
    this.#openedNs[pod] = this.#changedNs[pod] = this.#simulation.nowNs;
    this.#endedNs[pod] = Infinity;
  }

  /** Whether the pod is there. */
  isOpen(pod: number): boolean {
    return pod < this.#endedNs.length && this.#endedNs[pod] === Infinity;
  }

  /** Whether the pod was there at some time. */
  wasOpened(pod: number): boolean {
    return pod < this.#endedNs.length && this.#endedNs[pod] !== 0;
  }

  /** A request arrives at an open pod. False: there is no room for it to wait, so the pod does not take it. */
  arrive(pod: number, request: number, serviceNs: number): boolean {
    if (request >= this.#pod.length) this.#growRequests(request);
    if (this.#inService[pod]! < this.#concurrency[pod]!) {
      this.#pod[request] = pod;
      this.#serviceNs[request] = serviceNs;
      this.#begin(pod, request);
      return true;
    }
    const waiting = this.#waiting[pod]!;
    if (waiting >= this.#queueLimit[pod]!) return false;
    this.#pod[request] = pod;
    this.#serviceNs[request] = serviceNs;
    this.#next[request] = NONE;
    if (waiting === 0) this.#firstWaiting[pod] = request;
    else this.#next[this.#lastWaiting[pod]!] = request;
    this.#lastWaiting[pod] = request;
    this.#waiting[pod] = waiting + 1;
    if (waiting >= this.#mostWaiting[pod]!) this.#mostWaiting[pod] = waiting + 1;
    return true;
  }

  /** The pod's containers have ended: all that it had is lost, in the order in which it came. */
  end(pod: number): void {
    if (!this.isOpen(pod)) return;
    this.#advance(pod);
    this.#endedNs[pod] = this.#simulation.nowNs;
    this.#presentNs[pod]! += this.#simulation.nowNs - this.#openedNs[pod]!;
    this.totalInService -= this.#inService[pod]!;
    // Those in service stand newest first.
    let inService = NONE;
    for (let request = this.#firstInService[pod]!, next: number; request !== NONE; request = next) {
      this.#simulation.cancel(this.#departure[request]!);
      next = this.#next[request]!;
      this.#next[request] = inService;
      inService = request;
    }
    const waiting = this.#firstWaiting[pod]!;
    this.#inService[pod] = this.#waiting[pod] = 0;
    this.#firstInService[pod] = this.#firstWaiting[pod] = this.#lastWaiting[pod] = NONE;
    this.#lose(inService);
    this.#lose(waiting);
  }

  inService(pod: number): number {
    return this.#inService[pod]!;
  }

  waiting(pod: number): number {
    return this.#waiting[pod]!;
  }

  /** The most that ever waited at a time since the last `restartMeasuring`. */
  mostWaiting(pod: number): number {
    return this.#mostWaiting[pod]!;
  }

  /** The pod that has the request. */
  podOf(request: number): number {
    return this.#pod[request]!;
  }

  /** How long the pod works on a request that it has. */
  serviceNs(request: number): number {
    return this.#serviceNs[request]!;
  }

  /** Forgets what was measured of all pods so far, not what they are at. */
  restartMeasuring(): void {
    const { nowNs } = this.#simulation;
    this.#busyNs.fill(0);
    this.#presentNs.fill(0);
    for (let pod = 0; pod < this.#endedNs.length; pod++) {
      this.#mostWaiting[pod] = this.#waiting[pod]!;
      this.#openedNs[pod] = Math.max(this.#openedNs[pod]!, nowNs);
      this.#changedNs[pod] = Math.max(this.#changedNs[pod]!, nowNs);
    }
  }

  /** Time that the pod has worked, each request in service counted, since the start of measuring: until now or its end. */
  busyNs(pod: number): number {
    if (this.isOpen(pod)) this.#advance(pod);
    return this.#busyNs[pod]!;
  }

  /** Time that the pod was there since the start of measuring. */
  presentNs(pod: number): number {
    return this.#presentNs[pod]! + (this.isOpen(pod) ? this.#simulation.nowNs - this.#openedNs[pod]! : 0);
  }

  #begin(pod: number, request: number): void {
    const { nowNs } = this.#simulation;
    this.#departure[request] = this.#simulation.schedule(
      nowNs + this.#serviceNs[request]!,
      this.#departureKind,
      request,
    );
    const first = this.#firstInService[pod]!;
    this.#next[request] = first;
    this.#previous[request] = NONE;
    if (first !== NONE) this.#previous[first] = request;
    this.#firstInService[pod] = request;
    this.#advance(pod);
    this.#inService[pod]!++;
    this.totalInService++;
  }

  #depart(request: number): void {
    const pod = this.#pod[request]!;
    const next = this.#next[request]!;
    const previous = this.#previous[request]!;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous === NONE) this.#firstInService[pod] = next;
    else this.#next[previous] = next;
    this.#advance(pod);
    this.#inService[pod]!--;
    this.totalInService--;
    const waiting = this.#firstWaiting[pod]!;
    if (waiting !== NONE) {
      this.#firstWaiting[pod] = this.#next[waiting]!;
      this.#waiting[pod]!--;
      this.#begin(pod, waiting);
    }
    this.#listener.onServed(request);
  }

  #advance(pod: number): void {
    const { nowNs } = this.#simulation;
    this.#busyNs[pod]! += this.#inService[pod]! * (nowNs - this.#changedNs[pod]!);
    this.#changedNs[pod] = nowNs;
  }

  #lose(first: number): void {
    for (let request = first, next: number; request !== NONE; request = next) {
      // The listener may give the number to another request.
      next = this.#next[request]!;
      this.#listener.onLost(request);
    }
  }

  #coverPod(pod: number): void {
    if (pod < this.#endedNs.length) return;
    const capacity = Math.max(pod + 1, 2 * this.#endedNs.length);
    this.#concurrency = widen(this.#concurrency, capacity);
    this.#queueLimit = widen(this.#queueLimit, capacity);
    this.#inService = widen(this.#inService, capacity);
    this.#waiting = widen(this.#waiting, capacity);
    this.#mostWaiting = widen(this.#mostWaiting, capacity);
    this.#firstInService = widen(this.#firstInService, capacity);
    this.#firstWaiting = widen(this.#firstWaiting, capacity);
    this.#lastWaiting = widen(this.#lastWaiting, capacity);
    this.#busyNs = widen(this.#busyNs, capacity);
    this.#changedNs = widen(this.#changedNs, capacity);
    this.#openedNs = widen(this.#openedNs, capacity);
    this.#presentNs = widen(this.#presentNs, capacity);
    this.#endedNs = widen(this.#endedNs, capacity);
  }

  #growRequests(request: number): void {
    const capacity = Math.max(request + 1, 2 * this.#pod.length);
    this.#pod = widen(this.#pod, capacity);
    this.#serviceNs = widen(this.#serviceNs, capacity);
    this.#departure = widen(this.#departure, capacity);
    this.#next = widen(this.#next, capacity);
    this.#previous = widen(this.#previous, capacity);
  }
}
