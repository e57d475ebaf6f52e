/**
 * MetalLB in BGP mode: nodes announce the address of a service to their router, and the router spreads flows over them.
 *
 *   speakers (speakers.ts), endpoint objects --routes--> router: next hops of equal cost --hash of the flow--> weights, flows that move
 *
 * Under policy Cluster every node with a session announces, under Local every one that has a ready endpoint; without any ready endpoint
 * none does. A route goes at once when the endpoints go or the speaker stops in order. When a node dies in silence, its router keeps
 * sending there until the hold timer runs out, which starts anew with every keep-alive, or until BFD misses its packets.
 *
 * A router that hashes ports too spreads evenly: each next hop has weight 1. One that hashes addresses only gives each address of a
 * client to one next hop, so that few addresses make uneven weights: then a weight is the share of the addresses (flow-table.ts).
 *
 * Left out: several routers with tables of their own, limits on the number of next hops, graceful restart, communities and local
 * preference, BGPAdvertisements for some nodes only.
 */

import type { CounterHash, RandomStreams } from '../../../kernel/random.js';
import type { Simulation } from '../../../kernel/simulation.js';
import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { BgpSettings } from '../../metallb-settings.js';
import { MAX_HASHED_FLOWS } from '../../versions/metallb-profile.js';
import { FlowTable, positionIn } from './flow-table.js';
import type { FlowsMovedListener, InitialTargets, LoadBalancer, NodeAnswer, WeightListener } from './load-balancer.js';
import { movedShare } from './next-hop.js';
import { Speakers, type SpeakerDetection } from './speakers.js';

export interface BgpService {
  readonly service: number;
  readonly policy: TrafficPolicy;
  readonly settings: BgpSettings;
  /** Addresses of clients, if the router hashes those only; null: it hashes ports too, and flows are many. */
  readonly sourceAddresses: number | null;
}

/** From the last that a router heard of a peer, how long it waits: less what has passed of an interval when the peer dies. */
export function silenceNs({ holdTimeNs, keepaliveTimeNs, bfdProfile }: BgpSettings, uniform: number): number {
  const holdNs = holdTimeNs - uniform * keepaliveTimeNs;
  if (bfdProfile === null) return Math.round(holdNs);
  const { receiveIntervalNs, detectMultiplier } = bfdProfile;
  return Math.round(Math.min(holdNs, (detectMultiplier - uniform) * receiveIntervalNs));
}

/** Sessions of speakers with their router, for all services with these settings. */
function sessionDetection(settings: BgpSettings, streams: RandomStreams): SpeakerDetection {
  const silences = streams.hash('metallb bgp silence');
  const connects = streams.hash('metallb bgp connect');
  return {
    detectionNs: (node, outage) => silenceNs(settings, silences.uniform(node, outage)),
    returnNs: (node, outage) => Math.round(connects.uniform(node, outage) * settings.connectTimeNs),
  };
}

/** All services that are announced so. Those with equal settings of their peers share the sessions. */
export class MetallbBgp {
  readonly #simulation: Simulation;
  readonly #streams: RandomStreams;
  readonly #nodes: number;
  readonly #flows: CounterHash;
  readonly #speakers = new Map<string, Speakers>();

  constructor(simulation: Simulation, streams: RandomStreams, nodes: number) {
    this.#simulation = simulation;
    this.#streams = streams;
    this.#nodes = nodes;
    this.#flows = streams.hash('metallb flow hash');
  }

  create(service: BgpService): LoadBalancer {
    return new BgpAddress(this.speakersOf(service.settings), service, this.#flows);
  }

  /** The speakers of peers with such settings. */
  speakersOf(settings: BgpSettings): Speakers {
    const key = JSON.stringify({ ...settings, nextHopSelection: null });
    let speakers = this.#speakers.get(key);
    if (speakers === undefined) {
      const name = `metallb bgp ${this.#speakers.size}`;
      speakers = new Speakers(this.#simulation, name, this.#nodes, sessionDetection(settings, this.#streams));
      this.#speakers.set(key, speakers);
    }
    return speakers;
  }
}

class BgpAddress implements LoadBalancer {
  readonly #speakers: Speakers;
  readonly #service: BgpService;
  readonly #flowHash: CounterHash;
  /** Nodes that the router has a route to, in their order. */
  readonly #nextHops: number[] = [];
  #isNextHop: Uint8Array = new Uint8Array(0);
  #ready: Int32Array = new Int32Array(0);
  #totalReady = 0;
  /** null: flows are spread evenly. */
  #flows: FlowTable | null = null;
  /** With a flow table: what was last told of each node. */
  #weight: Float64Array = new Float64Array(0);
  #onWeight: WeightListener = () => {};
  #onFlowsMoved: FlowsMovedListener = () => {};

  constructor(speakers: Speakers, service: BgpService, flowHash: CounterHash) {
    this.#speakers = speakers;
    this.#service = service;
    this.#flowHash = flowHash;
  }

  start(initial: InitialTargets, onWeight: WeightListener): void {
    const { nodes } = initial;
    this.#speakers.start(initial);
    this.#onWeight = onWeight;
    this.#isNextHop = new Uint8Array(nodes);
    this.#ready = Int32Array.from({ length: nodes }, (_, node) => initial.readyOn(node));
    this.#totalReady = this.#ready.reduce((sum, ready) => sum + ready, 0);
    this.#speakers.onChange((node) => this.#reconsider(node));
    for (let node = 0; node < nodes; node++) {
      if (!this.#isAnnounced(node)) continue;
      this.#isNextHop[node] = 1;
      this.#nextHops.push(node);
    }
    const { service, settings, sourceAddresses } = this.#service;
    if (sourceAddresses !== null && sourceAddresses <= MAX_HASHED_FLOWS.value) {
      this.#flows = new FlowTable(settings.nextHopSelection, this.#flowHash, service, sourceAddresses, nodes);
      this.#flows.startWith(this.#nextHops);
      this.#weight = new Float64Array(nodes);
      this.#tellShares();
    } else for (const node of this.#nextHops) onWeight(node, 1);
  }

  onFlowsMoved(listener: FlowsMovedListener): void {
    this.#onFlowsMoved = listener;
  }

  nodeAnswers(node: number, answer: NodeAnswer): void {
    this.#speakers.nodeAnswers(node, answer);
  }

  endpointsPublished(node: number, ready: number): void {
    const before = this.#totalReady;
    this.#totalReady += ready - this.#ready[node]!;
    this.#ready[node] = ready;
    if ((before === 0) === (this.#totalReady === 0)) this.#reconsider(node);
    else for (let each = 0; each < this.#ready.length; each++) this.#reconsider(each);
  }

  #isAnnounced(node: number): boolean {
    if (this.#totalReady === 0 || !this.#speakers.isActive(node)) return false;
    return this.#service.policy === 'Cluster' || this.#ready[node]! > 0;
  }

  #reconsider(node: number): void {
    const isNextHop = this.#isAnnounced(node);
    if ((this.#isNextHop[node] === 1) === isNextHop) return;
    this.#isNextHop[node] = isNextHop ? 1 : 0;
    const position = positionIn(this.#nextHops, node);
    if (isNextHop) this.#nextHops.splice(position, 0, node);
    else this.#nextHops.splice(position, 1);
    const more = this.#nextHops.length + (isNextHop ? 0 : 1);
    let moved = movedShare(this.#service.settings.nextHopSelection, more, position);
    if (this.#flows === null) this.#onWeight(node, isNextHop ? 1 : 0);
    else {
      moved = isNextHop ? this.#flows.add(node) : this.#flows.remove(node);
      if (!isNextHop) this.#tellShare(node);
      this.#tellShares();
    }
    // With the first next hop there is no flow yet.
    if (moved > 0 && !(isNextHop && more === 1)) this.#onFlowsMoved(moved);
  }

  #tellShares(): void {
    for (const node of this.#nextHops) this.#tellShare(node);
  }

  #tellShare(node: number): void {
    const share = this.#flows!.shareOf(node);
    if (share === this.#weight[node]) return;
    this.#weight[node] = share;
    this.#onWeight(node, share);
  }
}
