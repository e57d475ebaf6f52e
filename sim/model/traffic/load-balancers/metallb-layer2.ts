/**
 * MetalLB in layer 2 mode: one node at a time answers for the address of a service, and all of its traffic from outside enters the
 * cluster there.
 *
 *   speakers (speakers.ts), endpoint objects --candidates--> leader (layer2-election.ts) --announcements--> caches of clients
 *                                                                    (neighbour-caches.ts) --> weights
 *
 * Candidates are the nodes with an active speaker, under policy Local only those with a ready endpoint; without any ready endpoint
 * there are none. A leader that stops to be one hands over at once; one whose node dies, when the other speakers know. Until then,
 * and until their entries are renewed, clients send to it: the weight of a dead node is traffic that is lost.
 *
 * A weight is the share of the clients whose entries point to the node. An address that nobody answers for leaves the caches bit by
 * bit. A new leader announces itself at once and a few times more, for networks that lose one.
 *
 * Left out: two speakers that answer at the same time, what one node can forward, nodes chosen by an L2Advertisement.
 */

import type { CounterHash, RandomStreams } from '../../../kernel/random.js';
import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { Layer2Settings } from '../../metallb-settings.js';
import { ANNOUNCEMENT_RULES } from '../../versions/metallb-profile.js';
import { preferenceOrder } from './layer2-election.js';
import type { FlowsMovedListener, InitialTargets, LoadBalancer, NodeAnswer, WeightListener } from './load-balancer.js';
import { detectionNs } from './memberlist.js';
import { CACHE_GROUPS, NeighbourCaches, NO_HOLDER, takesAnnouncements } from './neighbour-caches.js';
import { Speakers } from './speakers.js';

const NS_PER_SECOND = 1e9;
const ANNOUNCEMENT_INTERVAL_NS = ANNOUNCEMENT_RULES.interval.value * NS_PER_SECOND;
const ANNOUNCEMENTS = Math.floor(ANNOUNCEMENT_RULES.duration.value / ANNOUNCEMENT_RULES.interval.value) + 1;
/** Numbers that one outage may need: far more than periods of a suspicion. */
const DRAWS_PER_OUTAGE = 4096;
/** No event. */
const NONE = -1;

export interface Layer2Service {
  readonly service: number;
  /** From the address pool. */
  readonly address: string;
  readonly policy: TrafficPolicy;
  readonly settings: Layer2Settings;
}

/** All services that are announced so. */
export class MetallbLayer2 {
  readonly speakers: Speakers;
  readonly #context: Layer2Context;
  readonly #addresses: Layer2Address[] = [];

  constructor(simulation: Simulation, streams: RandomStreams, nodeNames: readonly string[]) {
    const outages = streams.hash('metallb speaker detection');
    this.speakers = new Speakers(simulation, 'metallb layer 2', nodeNames.length, {
      detectionNs: (node, outage, active, survivors) =>
        detectionNs(active, survivors, (index) => outages.uniform(node, outage * DRAWS_PER_OUTAGE + index)),
      returnNs: () => 0,
    });
    this.#context = {
      simulation,
      nodeNames,
      speakers: this.speakers,
      phases: streams.hash('metallb neighbour cache phase'),
      losses: streams.hash('metallb announcement loss'),
      announcement: simulation.registerKind('metallb announcement', (index, change) =>
        this.#addresses[index]!.announce(change),
      ),
      expiry: simulation.registerKind('metallb neighbour cache', (index, group) =>
        this.#addresses[index]!.expire(group),
      ),
    };
  }

  create(service: Layer2Service): LoadBalancer {
    const address = new Layer2Address(this.#context, service, this.#addresses.length);
    this.#addresses.push(address);
    return address;
  }
}

interface Layer2Context {
  readonly simulation: Simulation;
  readonly nodeNames: readonly string[];
  readonly speakers: Speakers;
  readonly phases: CounterHash;
  readonly losses: CounterHash;
  readonly announcement: EventKind;
  readonly expiry: EventKind;
}

class Layer2Address implements LoadBalancer {
  readonly #context: Layer2Context;
  readonly #service: Layer2Service;
  readonly #index: number;
  readonly #caches: NeighbourCaches;
  /** When the entries of a group run out, if that changes anything. */
  readonly #expiry = new Float64Array(CACHE_GROUPS).fill(NONE);
  /** Nodes from the most preferred on, and where each stands. */
  #order: Int32Array = new Int32Array(0);
  #rank: Int32Array = new Int32Array(0);
  #ready: Int32Array = new Int32Array(0);
  #totalReady = 0;
  #leader = NO_HOLDER;
  #changes = 0;
  #onWeight: WeightListener = () => {};
  #onFlowsMoved: FlowsMovedListener = () => {};

  constructor(context: Layer2Context, service: Layer2Service, index: number) {
    this.#context = context;
    this.#service = service;
    this.#index = index;
    this.#caches = new NeighbourCaches(service.settings, context.phases.uniform(service.service, 0));
  }

  start(initial: InitialTargets, onWeight: WeightListener): void {
    const { speakers, nodeNames } = this.#context;
    speakers.start(initial);
    this.#onWeight = onWeight;
    this.#order = preferenceOrder(nodeNames, this.#service.address);
    this.#rank = new Int32Array(initial.nodes);
    this.#order.forEach((node, rank) => (this.#rank[node] = rank));
    this.#ready = Int32Array.from({ length: initial.nodes }, (_, node) => initial.readyOn(node));
    this.#totalReady = this.#ready.reduce((sum, ready) => sum + ready, 0);
    this.#leader = this.#firstCandidate(0);
    speakers.onChange((node) => this.#speakerChanged(node));
    this.#point(() => true, this.#leader);
  }

  onFlowsMoved(listener: FlowsMovedListener): void {
    this.#onFlowsMoved = listener;
  }

  nodeAnswers(node: number, answer: NodeAnswer): void {
    this.#context.speakers.nodeAnswers(node, answer);
  }

  endpointsPublished(node: number, ready: number): void {
    const before = this.#totalReady;
    this.#totalReady += ready - this.#ready[node]!;
    this.#ready[node] = ready;
    if ((before === 0) !== (this.#totalReady === 0)) this.#elect(this.#firstCandidate(0));
    else this.#reconsider(node);
  }

  /** An announcement gets through, unless the leader has changed since. */
  announce(change: number): void {
    if (change !== this.#changes || !this.#isAnswered()) return;
    this.#point(takesAnnouncements, this.#leader);
  }

  expire(group: number): void {
    this.#expiry[group] = NONE;
    const answers = this.#isAnswered() ? this.#leader : NO_HOLDER;
    this.#point((candidate) => candidate === group, answers);
  }

  #isCandidate(node: number): boolean {
    if (this.#totalReady === 0 || !this.#context.speakers.isActive(node)) return false;
    return this.#service.policy === 'Cluster' || this.#ready[node]! > 0;
  }

  #firstCandidate(fromRank: number): number {
    for (let rank = fromRank; rank < this.#order.length; rank++) {
      if (this.#isCandidate(this.#order[rank]!)) return this.#order[rank]!;
    }
    return NO_HOLDER;
  }

  #speakerChanged(node: number): void {
    this.#reconsider(node);
    if (node !== this.#leader) return;
    // A leader that was down says that it is there.
    this.announce(this.#changes);
    this.#followLeader();
  }

  /** The node may have become a candidate, or have stopped to be one. */
  #reconsider(node: number): void {
    const leader = this.#leader;
    if (node === leader) {
      if (!this.#isCandidate(node)) this.#elect(this.#firstCandidate(this.#rank[node]! + 1));
    } else if ((leader === NO_HOLDER || this.#rank[node]! < this.#rank[leader]!) && this.#isCandidate(node)) {
      this.#elect(node);
    }
  }

  #elect(leader: number): void {
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#changes++;
    const { simulation, announcement } = this.#context;
    const lost = this.#lostAnnouncements();
    if (leader !== NO_HOLDER && lost === 0) this.announce(this.#changes);
    else if (leader !== NO_HOLDER && lost < ANNOUNCEMENTS) {
      const timeNs = simulation.nowNs + Math.round(lost * ANNOUNCEMENT_INTERVAL_NS);
      simulation.schedule(timeNs, announcement, this.#index, this.#changes);
    }
    this.#followLeader();
  }

  /** Whoever has no entry finds the leader at once, if it answers; other entries that do not point to it are left to run out. */
  #followLeader(): void {
    const { simulation, expiry } = this.#context;
    const isAnswered = this.#isAnswered();
    if (isAnswered) this.#point((group) => this.#caches.holderOf(group) === NO_HOLDER, this.#leader);
    const answers = isAnswered ? this.#leader : NO_HOLDER;
    for (let group = 0; group < CACHE_GROUPS; group++) {
      if (this.#caches.holderOf(group) === answers) this.#cancelExpiry(group);
      if (this.#caches.shareOf(group) === 0 || this.#expiry[group] !== NONE) continue;
      if (this.#caches.holderOf(group) === answers) continue;
      const timeNs = this.#caches.nextExpiryNs(group, simulation.nowNs);
      this.#expiry[group] = simulation.schedule(timeNs, expiry, this.#index, group);
    }
  }

  #cancelExpiry(group: number): void {
    if (this.#expiry[group] === NONE) return;
    this.#context.simulation.cancel(this.#expiry[group]!);
    this.#expiry[group] = NONE;
  }

  #isAnswered(): boolean {
    return this.#leader !== NO_HOLDER && this.#context.speakers.isUp(this.#leader);
  }

  /** Announcements in a row that reach nobody. */
  #lostAnnouncements(): number {
    const { announcementLoss } = this.#service.settings;
    if (announcementLoss === 0) return 0;
    if (announcementLoss === 1) return ANNOUNCEMENTS;
    const uniform = this.#context.losses.uniform(this.#service.service, this.#changes);
    return Math.floor(Math.log(uniform) / Math.log(announcementLoss));
  }

  /** The entries of these groups point to the node from now on. */
  #point(includes: (group: number) => boolean, node: number): void {
    let moved = 0;
    const left: number[] = [];
    let hasChanged = false;
    for (let group = 0; group < CACHE_GROUPS; group++) {
      const holder = this.#caches.holderOf(group);
      if (holder === node || this.#caches.shareOf(group) === 0 || !includes(group)) continue;
      if (this.#caches.movesTo(group, node)) moved += this.#caches.shareOf(group);
      this.#caches.point(group, node);
      this.#cancelExpiry(group);
      hasChanged = true;
      if (holder !== NO_HOLDER && !left.includes(holder)) left.push(holder);
    }
    if (!hasChanged) return;
    for (const holder of left) this.#onWeight(holder, this.#caches.weightOf(holder));
    if (node !== NO_HOLDER) this.#onWeight(node, this.#caches.weightOf(node));
    if (moved > 0) this.#onFlowsMoved(Math.min(1, moved));
  }
}
