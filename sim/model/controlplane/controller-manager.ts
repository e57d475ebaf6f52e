/**
 * kube-controller-manager as a process: its controllers stop together when the leader crashes, and start together when the
 * follower has taken over.
 *
 *   failOver: crash --> every controller.stop()
 *     --> [lease runs out, follower polls: leader-election.ts] --> PUT of the lease --> LIST of every informer
 *     --> every controller.start() with empty queues, trackers and expectations
 *
 * The informers' caches are in the order of registration first: a controller that starts finds them filled. What the old
 * leader had sent is at the API server and takes effect; what waited in one of its clients' buckets is lost with it.
 *
 * Left out: an orderly end that releases the lease, followers whose informers are warm, more than one fail-over at a time, the
 * polls and renewals that change nothing as requests, events of the election.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { RandomStreams } from '../../kernel/random.js';
import type { ApiClient, ApiServers } from './api-servers.js';
import type { Etcd, WriteLatency } from './etcd.js';
import { LeaderElection, type LeaderElectionParameters } from './leader-election.js';

/** A controller, or anything else that lives and dies with the process of the controller manager. */
export interface Controller {
  /** As Kubernetes names it, e.g. "endpointslice-controller". */
  readonly name: string;
  /** The process is gone: from now on the controller does nothing, and all that it kept in memory is lost. */
  stop(): void;
  /** A new process has filled its informers: the controller starts as it would there, from what the API server has. */
  start(): void;
}

export interface ControllerManagerParameters extends LeaderElectionParameters {
  /** Time of the LISTs that fill the informers: fixed, and for each object. */
  readonly listBaseNs: number;
  readonly listPerObjectNs: number;
}

/** One lease: its writes are keyed by the number of the fail-over. */
const THE_LEASE = 0;

export class ControllerManager {
  readonly #simulation: Simulation;
  readonly #parameters: ControllerManagerParameters;
  readonly #election: LeaderElection;
  readonly #electionClient: ApiClient;
  readonly #listClient: ApiClient;
  readonly #leaseLatency: WriteLatency;
  readonly #objects: () => number;
  readonly #acquiredKind: EventKind;
  readonly #listedKind: EventKind;
  readonly #controllers: Controller[] = [];
  readonly #listeners: ((downSinceNs: number) => void)[] = [];
  #failOvers = 0;
  #isDown = false;
  #downSinceNs = 0;
  #downUntilNs = 0;

  /** `objects`: how many objects the informers hold, all kinds together. */
  constructor(
    simulation: Simulation,
    apiServers: ApiServers,
    etcd: Etcd,
    parameters: ControllerManagerParameters,
    objects: () => number,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#parameters = parameters;
    this.#election = new LeaderElection(parameters, streams);
    this.#electionClient = apiServers.client('kube-controller-manager: leader election', 'leader-election');
    this.#listClient = apiServers.client('kube-controller-manager: informers', 'workload-high');
    this.#leaseLatency = etcd.writesOf('controller-manager-lease');
    this.#objects = objects;
    this.#acquiredKind = simulation.registerKind('controller manager: lease acquired', () => this.#onAcquired());
    this.#listedKind = simulation.registerKind('controller manager: informers filled', () => this.#onListed());
  }

  /** Controllers stop and start in the order in which they were registered. */
  register(controller: Controller): void {
    this.#controllers.push(controller);
  }

  /** Whether no process is leading now, or the new one has not filled its informers yet. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Fail-overs so far, the present one included. */
  get failOvers(): number {
    return this.#failOvers;
  }

  /** When the last leader crashed; 0 when none has. */
  get downSinceNs(): number {
    return this.#downSinceNs;
  }

  /** When the controllers of the last fail-over started; 0 when there was none, Infinity while they are down. */
  get downUntilNs(): number {
    return this.#downUntilNs;
  }

  /** The listener hears when the controllers of a new leader have started, and when the one before it crashed. */
  onTakenOver(listener: (downSinceNs: number) => void): void {
    this.#listeners.push(listener);
  }

  /** The leader crashes now. False, and nothing happens, when there is no leader. */
  failOver(): boolean {
    if (this.#isDown) return false;
    const nowNs = this.#simulation.nowNs;
    const term = this.#failOvers++;
    this.#isDown = true;
    this.#downSinceNs = nowNs;
    this.#downUntilNs = Infinity;
    for (const controller of this.#controllers) controller.stop();
    const takeoverNs = this.#election.takeoverNs(term, nowNs);
    const latencyNs = this.#leaseLatency.ns(THE_LEASE, term);
    this.#electionClient.write(0, 'leases', takeoverNs, latencyNs, this.#acquiredKind, term);
    return true;
  }

  #onAcquired(): void {
    const { listBaseNs, listPerObjectNs } = this.#parameters;
    const latencyNs = Math.round(listBaseNs + listPerObjectNs * this.#objects());
    this.#listClient.read(0, this.#simulation.nowNs, latencyNs, this.#listedKind, 0);
  }

  #onListed(): void {
    this.#isDown = false;
    this.#downUntilNs = this.#simulation.nowNs;
    for (const controller of this.#controllers) controller.start();
    for (const listener of this.#listeners) listener(this.#downSinceNs);
  }
}
