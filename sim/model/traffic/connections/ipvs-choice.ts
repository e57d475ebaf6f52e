/**
 * The choice of IPVS mode: a virtual server of the node with its scheduler, and persistence templates for affinity.
 *
 *   set of pods of the rules --difference--> real servers, those that go with grace
 *   flow --> template of the client --> scheduler --> real server; open flows --> active connections --> scheduler
 *
 * A scheduler starts anew with its virtual server, so on every node that has just booted rr begins with the same pod, the one that
 * was put in front of the others last; who sends few flows over many nodes sends most of them there.
 *
 * The virtual server is brought up to date when the next flow comes, which sees what it would have seen. Left out: entries of
 * connections that have closed (inactive connections, 1/256 of an active one to lc and wlc).
 */

import { NO_POD } from '../../cluster/pods.js';
import { GracefulDeletion, nextDeletionCheckNs } from '../../node/proxy-modes/ipvs/graceful-deletion.js';
import { VirtualServer } from '../../node/proxy-modes/ipvs/real-servers.js';
import { type Flow, type IpvsScheduler, NONE } from '../../node/proxy-modes/ipvs/schedulers/scheduler.js';
import type { EndpointSet } from '../connection-routes.js';
import { type BackendChoice, forEachMissing } from './backend-choice.js';
import type { ClientAffinity } from './client-affinity.js';

const NOTHING: EndpointSet = { pods: new Int32Array(0) };
/** Source ports that a flow may come from. */
const PORTS = 65_536;

export class IpvsChoice implements BackendChoice {
  readonly #virtualServer: VirtualServer;
  readonly #deletion = new GracefulDeletion();
  readonly #affinity: ClientAffinity | null;
  readonly #flow: Flow = { source: 0, sourcePort: 0, destination: 0, timeNs: 0 };
  #set = NOTHING;
  #nextCheckNs = 0;

  constructor(protocol: 'TCP' | 'UDP' | 'SCTP', scheduler: IpvsScheduler, affinity: ClientAffinity | null) {
    this.#virtualServer = new VirtualServer(protocol, scheduler);
    this.#affinity = affinity;
  }

  pick(client: number, set: EndpointSet, nowNs: number, uniform: number): number {
    if (set !== this.#set) this.#follow(set);
    if (nowNs >= this.#nextCheckNs) {
      this.#deletion.check();
      this.#nextCheckNs = nextDeletionCheckNs(0, nowNs);
    }
    let pod = this.#affinity === null ? NO_POD : this.#affinity.boundTo(client, set.pods, nowNs);
    if (pod === NO_POD) {
      this.#flow.source = client;
      this.#flow.sourcePort = Math.floor(uniform * PORTS);
      this.#flow.timeNs = nowNs;
      const position = this.#virtualServer.pick(this.#flow);
      if (position === NONE) return NO_POD;
      pod = this.#virtualServer.address[position]!;
    }
    this.#affinity?.bind(client, pod, nowNs);
    return pod;
  }

  opened(client: number, pod: number): void {
    this.#countActive(pod, 1);
    this.#affinity?.countFlow(client, pod, 1);
  }

  closed(client: number, pod: number): void {
    this.#countActive(pod, -1);
    this.#affinity?.countFlow(client, pod, -1);
  }

  /** A real server that was taken out and put in again does not count the connections that it had before. */
  #countActive(pod: number, change: 1 | -1): void {
    const position = this.#virtualServer.positionOf(pod);
    if (position === NONE) return;
    this.#virtualServer.active[position] = Math.max(0, this.#virtualServer.active[position]! + change);
  }

  #follow(set: EndpointSet): void {
    const before = this.#set;
    this.#set = set;
    forEachMissing(set.pods, before.pods, (pod) => this.#deletion.add(this.#virtualServer, pod));
    forEachMissing(before.pods, set.pods, (pod) => this.#deletion.delete(this.#virtualServer, pod));
  }
}
