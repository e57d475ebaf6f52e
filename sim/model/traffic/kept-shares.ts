/**
 * Requests on connections that are kept open, at the share level: who opens a connection chooses a pod by the rules of the moment, and
 * then stays with it, so that loads follow the rules with the delay of connections.
 *
 *   flow: where new connections go and what they meet --shares--> ConnectionFluid --> open connections of each pod
 *                                                                                '--> requests answered and lost, by cause
 *
 * The flow itself is of connections that open; its shares are taken anew about once a second, and at each instant at which a pod
 * loses its connections or a node its clients. Requests that are lost are shared out among causes as attempts of the last while were, and so is
 * which way answered ones go.
 *
 * Left out: by which node a connection came, so that flows which a load balancer moves are of any pods alike, and those of targets
 * that it drains go on.
 */

import { ConnectionFluid, type FluidOutcome } from './connections/connection-fluid.js';
import { Acceptance } from './connection-routes.js';
import { flowLoads } from './flow-loads.js';
import type { KeptFlow, ServiceTraffic } from './service-traffic.js';
import type { ShareFlow } from './share-flow.js';
import type { LossCause } from './loss-cause.js';
import type { TrafficTally } from './traffic-tally.js';

export interface KeptSharesParameters {
  readonly traffic: ServiceTraffic;
  /** Of attempts to connect, as if each request made one; it fills `attempts`, and nobody else does. */
  readonly flow: ShareFlow;
  readonly attempts: TrafficTally;
  readonly tally: TrafficTally;
  readonly connections: number;
  readonly meanLifetimeNs: number | null;
  readonly requestsPerSecond: number;
  /** Nothing is counted before. */
  readonly startNs: number;
}

export class KeptShares implements KeptFlow {
  readonly #parameters: KeptSharesParameters;
  readonly #fluid: ConnectionFluid;
  /** Positions of pods in the fluid, and of what is free. */
  readonly #positions = new Map<number, number>();
  readonly #free: number[] = [];
  #shares = new Float64Array(0);
  /** Share of the clients that are there: those on nodes that are lost send nothing, and the others are as all would be. */
  #presentShare = 1;
  #nowNs = 0;

  constructor(parameters: KeptSharesParameters) {
    this.#parameters = parameters;
    this.#fluid = new ConnectionFluid(parameters);
  }

  start(nowNs: number): void {
    this.#nowNs = nowNs;
    this.#takeShares();
    this.#fluid.connectAll(this.#shares);
  }

  advance(nowNs: number): void {
    const dtNs = nowNs - this.#nowNs;
    if (dtNs <= 0) return;
    const { traffic, flow, attempts } = this.#parameters;
    flow.settleAll(nowNs, (node) => traffic.versionOf(node));
    const outcome: FluidOutcome = { answered: 0, lost: 0, opened: 0 };
    this.#fluid.advance(dtNs, this.#shares, outcome);
    outcome.answered *= this.#presentShare;
    outcome.lost *= this.#presentShare;
    // Shares are of the instant at which they were taken. If no attempt has failed since, none of the pool has.
    if (attempts.lost === 0) {
      outcome.answered += outcome.lost;
      outcome.lost = 0;
    }
    this.#count(outcome, this.#nowNs, nowNs);
    this.#nowNs = nowNs;
    this.#takeShares();
  }

  podStopped(pod: number, nowNs: number): void {
    this.advance(nowNs);
    this.#takeShares();
    const position = this.#positions.get(pod);
    if (position === undefined) return;
    this.#fluid.podStopped(position, this.#shares, { answered: 0, lost: 0, opened: 0 });
  }

  /** Clients have come or gone, with the node that they are on; time has passed until now. */
  clientsChanged(): void {
    this.#takeShares();
  }

  /** A load balancer sends this share of them to other nodes than before: they break, and are opened anew. */
  moved(share: number, nowNs: number): void {
    this.advance(nowNs);
    this.#takeShares();
    this.#fluid.reset(share, this.#shares, { answered: 0, lost: 0, opened: 0 });
  }

  /** Requests per second that the pod gets. */
  loadOf(pod: number): number {
    const { requestsPerSecond, connections } = this.#parameters;
    return (this.#openOf(this.#positions.get(pod)) * requestsPerSecond * this.#presentShare) / connections;
  }

  /** A pod that nothing has opened to yet may have a position that the fluid has not heard of. */
  #openOf(position: number | undefined): number {
    return position === undefined ? 0 : (this.#fluid.open[position] ?? 0);
  }

  /** By position: the share of new connections that each accepting pod gets. Pods without share and connections give up theirs. */
  #takeShares(): void {
    const { traffic, flow, requestsPerSecond } = this.#parameters;
    const { acceptanceOf } = traffic.context;
    for (const [pod, position] of this.#positions) {
      if (traffic.known.has(pod) || this.#openOf(position) > 0) continue;
      this.#positions.delete(pod);
      this.#free.push(position);
    }
    const pods = [...traffic.known].filter((pod) => acceptanceOf(pod) === Acceptance.accepts);
    for (const pod of pods) {
      if (!this.#positions.has(pod)) this.#positions.set(pod, this.#free.pop() ?? this.#positions.size);
    }
    this.#shares = new Float64Array(this.#positions.size + this.#free.length);
    this.#presentShare = flow.presentShare;
    if (this.#presentShare === 0) return;
    const perSecond = flowLoads(traffic, flow, pods);
    for (const [place, pod] of pods.entries()) {
      this.#shares[this.#positions.get(pod)!] = perSecond[place]! / (requestsPerSecond * this.#presentShare);
    }
  }

  #count({ answered, lost }: FluidOutcome, fromNs: number, nowNs: number): void {
    const { attempts, tally, startNs } = this.#parameters;
    if (nowNs > startNs) {
      tally.sent += answered + lost;
      const perLost = attempts.lost > 0 ? lost / attempts.lost : 0;
      const refusedShare = attempts.lost > 0 ? attempts.refused / attempts.lost : 0;
      for (const [cause, amount] of attempts.lostBy.entries()) {
        tally.lose(cause as LossCause, true, amount * perLost * refusedShare, fromNs, nowNs);
        tally.lose(cause as LossCause, false, amount * perLost * (1 - refusedShare), fromNs, nowNs);
      }
      const perServed = attempts.served > 0 ? answered / attempts.served : 0;
      tally.served += answered;
      tally.secondHop += attempts.secondHop * perServed;
      tally.crossZone += attempts.crossZone * perServed;
      tally.masqueraded += attempts.masqueraded * perServed;
    }
    attempts.clear();
  }
}
