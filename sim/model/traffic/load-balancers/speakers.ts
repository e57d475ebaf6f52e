/**
 * MetalLB's speakers, one on each node, as those who rely on them know them: the other speakers in layer 2 mode, the routers in BGP
 * mode. All services of a mode share them.
 *
 *   nodes that go silent --failure detection--> not active --> addresses announced by others, routes withdrawn
 *   nodes that are back  --joins, opens sessions--> active
 *   speakers that stop in order (a roll-out of the DaemonSet, a node that shuts down) --at once--> not active
 *
 * Left out: false alarms, node conditions and labels that exclude nodes from load balancers, networks that are cut in two.
 */

import type { EventHandle, EventKind, Simulation } from '../../../kernel/simulation.js';
import type { InitialTargets, NodeAnswer } from './load-balancer.js';

/** How those who rely on a speaker find out about it. `outage` counts the outages of the node. */
export interface SpeakerDetection {
  /**
   * From the moment when the node goes silent until it counts as gone; Infinity: nobody notices.
   *
   * @param active speakers that count as active, this one included
   * @param survivors speakers on nodes that are up
   */
  detectionNs(node: number, outage: number, active: number, survivors: number): number;
  /** From the moment when its node is back, or the speaker starts, until it counts as active. */
  returnNs(node: number, outage: number): number;
}

const NONE = -1;
/** What an event is about. */
const SILENT = 0;
const GONE = 1;
const BACK = 2;

export class Speakers {
  readonly #simulation: Simulation;
  readonly #detection: SpeakerDetection;
  readonly #kind: EventKind;
  readonly #isUp: Uint8Array;
  readonly #isActive: Uint8Array;
  /** Speakers that have stopped in order. */
  readonly #isStopped: Uint8Array;
  readonly #outages: Int32Array;
  readonly #pending: Float64Array;
  /** Nodes that have gone silent when nobody was left to notice. */
  readonly #unnoticed = new Set<number>();
  readonly #listeners: ((node: number) => void)[] = [];
  /** Speakers that run on nodes that are up. */
  #up: number;
  #active: number;
  #isStarted = false;

  /** @param name of the mode, for messages; unique in the simulation */
  constructor(simulation: Simulation, name: string, nodes: number, detection: SpeakerDetection) {
    this.#simulation = simulation;
    this.#detection = detection;
    this.#kind = simulation.registerKind(`${name} speaker`, (node, what) => this.#handle(node, what));
    this.#isUp = new Uint8Array(nodes).fill(1);
    this.#isActive = new Uint8Array(nodes).fill(1);
    this.#isStopped = new Uint8Array(nodes);
    this.#outages = new Int32Array(nodes);
    this.#pending = new Float64Array(nodes).fill(NONE);
    this.#up = nodes;
    this.#active = nodes;
  }

  /** The nodes as they are when the run begins, everything known to everybody. All calls but the first change nothing. */
  start({ nodes, answerOf }: InitialTargets): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (let node = 0; node < nodes; node++) {
      if (answerOf(node) !== 'silent') continue;
      this.#isUp[node] = 0;
      this.#isActive[node] = 0;
      this.#up--;
      this.#active--;
    }
  }

  /** Hears of every node that goes silent or is back, or counts as active or not, from then on. */
  onChange(listener: (node: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Whether the speaker runs and its node is reached. */
  isUp(node: number): boolean {
    return this.#isUp[node] === 1 && this.#isStopped[node] === 0;
  }

  /** Whether those who rely on the speaker think that it is there. */
  isActive(node: number): boolean {
    return this.#isActive[node] === 1;
  }

  /** A node that answers badly has a speaker that is well. Every service tells of every node; only the first call counts. */
  nodeAnswers(node: number, answer: NodeAnswer): void {
    const isUp = answer !== 'silent';
    if ((this.#isUp[node] === 1) === isUp) return;
    this.#isUp[node] = isUp ? 1 : 0;
    if (this.#isStopped[node] === 0) this.#up += isUp ? 1 : -1;
    this.#cancel(node);
    if (!isUp) {
      this.#outages[node]!++;
      // When all nodes that go at this moment have gone, and it is known who is left.
      if (this.isActive(node)) this.#schedule(node, this.#simulation.nowNs, SILENT);
    } else this.#startReturn(node);
    this.#tell(node);
  }

  /** The speaker says goodbye: nobody has to find out. */
  stops(node: number): void {
    if (this.#isStopped[node] === 1) return;
    this.#isStopped[node] = 1;
    if (this.#isUp[node] === 0) return;
    this.#up--;
    this.#cancel(node);
    this.#outages[node]!++;
    this.#setActive(node, false);
    this.#tell(node);
  }

  /** A speaker that had stopped is there again. */
  starts(node: number): void {
    if (this.#isStopped[node] === 0) return;
    this.#isStopped[node] = 0;
    if (this.#isUp[node] === 1) this.#up++;
    this.#startReturn(node);
    this.#tell(node);
  }

  #startReturn(node: number): void {
    if (!this.isUp(node)) return;
    for (const silent of this.#unnoticed) this.#schedule(silent, this.#simulation.nowNs, SILENT);
    this.#unnoticed.clear();
    if (this.isActive(node)) return;
    const delayNs = this.#detection.returnNs(node, this.#outages[node]!);
    if (delayNs === 0) this.#setActive(node, true);
    else this.#schedule(node, this.#simulation.nowNs + delayNs, BACK);
  }

  #handle(node: number, what: number): void {
    this.#pending[node] = NONE;
    if (what === SILENT) {
      const delayNs = this.#detection.detectionNs(node, this.#outages[node]!, this.#active, this.#up);
      if (delayNs < Infinity) this.#schedule(node, this.#simulation.nowNs + delayNs, GONE);
      else this.#unnoticed.add(node);
      return;
    }
    this.#setActive(node, what === BACK);
    this.#tell(node);
  }

  #setActive(node: number, isActive: boolean): void {
    if (this.isActive(node) === isActive) return;
    this.#isActive[node] = isActive ? 1 : 0;
    this.#active += isActive ? 1 : -1;
  }

  #tell(node: number): void {
    for (const listener of this.#listeners) listener(node);
  }

  #schedule(node: number, timeNs: number, what: number): void {
    this.#pending[node] = this.#simulation.schedule(timeNs, this.#kind, node, what);
  }

  #cancel(node: number): void {
    const handle: EventHandle = this.#pending[node]!;
    if (handle !== NONE) this.#simulation.cancel(handle);
    this.#pending[node] = NONE;
    this.#unnoticed.delete(node);
  }
}
