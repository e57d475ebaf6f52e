/**
 * Kube-proxies that are restarted, or whose syncs fail, on nodes that go on running.
 *
 *   action --> processes end and start again --> connections (watch cut; list, first sync; the rules stay in the kernel)
 *          --> syncs fail for a while ---------> kube-proxies
 *   node faults --> nodes lost, back ----------> connections, unless the process is away itself
 *
 * A node's connections are down while the node is lost or its process away, and come back when both are over: as they were, with a
 * process that knows nothing (restarted), or with empty tables too (rebooted).
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { NodeBack } from '../cluster/node-availability.js';

/** Who carries what a node receives: watch-connections.ts, which tells the kube-proxies. */
export interface ProcessConnections {
  onNodeLost(node: number): void;
  onNodeReturned(node: number, back: NodeBack): void;
}

/** The kube-proxies themselves. */
export interface ProcessTarget {
  /** Syncs of `node` that start before fail. */
  failUntil(node: number, untilNs: number): void;
  nodeLost(node: number): void;
  nodeReturned(node: number): void;
}

/** Nodes that an action takes: so many, drawn at random, or all of a zone. */
export type ChosenNodes = { readonly count: number } | { readonly zone: number };

export class KubeProxyProcesses implements ProcessConnections {
  readonly #simulation: Simulation;
  readonly #zoneOfNode: ArrayLike<number>;
  readonly #connections: ProcessConnections;
  readonly #proxies: ProcessTarget;
  readonly #restartHash: CounterHash;
  readonly #failureHash: CounterHash;
  readonly #backKind: EventKind;
  readonly #isLost: Uint8Array;
  readonly #isAway: Uint8Array;
  /** The process has started anew while its node was lost. */
  readonly #isNew: Uint8Array;
  /** Absences of each process so far: a former one's end is void. */
  readonly #absences: Int32Array;
  #onAway: (node: number, isAway: boolean) => void = () => {};

  constructor(
    simulation: Simulation,
    zoneOfNode: ArrayLike<number>,
    streams: RandomStreams,
    connections: ProcessConnections,
    proxies: ProcessTarget,
  ) {
    this.#simulation = simulation;
    this.#zoneOfNode = zoneOfNode;
    this.#connections = connections;
    this.#proxies = proxies;
    this.#restartHash = streams.hash('kube-proxy-restart-choice');
    this.#failureHash = streams.hash('sync-failure-choice');
    this.#isLost = new Uint8Array(zoneOfNode.length);
    this.#isAway = new Uint8Array(zoneOfNode.length);
    this.#isNew = new Uint8Array(zoneOfNode.length);
    this.#absences = new Int32Array(zoneOfNode.length);
    this.#backKind = simulation.registerKind('kube-proxy: process starts', (node, absence) =>
      this.#start(node, absence),
    );
  }

  onNodeLost(node: number): void {
    this.#isLost[node] = 1;
    if (this.#isAway[node] === 0) this.#connections.onNodeLost(node);
    this.#proxies.nodeLost(node);
  }

  onNodeReturned(node: number, back: NodeBack): void {
    this.#isLost[node] = 0;
    this.#proxies.nodeReturned(node);
    if (back === 'rebooted') {
      // All processes start with their node.
      this.#isAway[node] = 0;
      this.#onAway(node, false);
      this.#absences[node]!++;
    } else if (this.#isAway[node] === 1) {
      return;
    }
    const isNew = this.#isNew[node] === 1;
    this.#isNew[node] = 0;
    this.#connections.onNodeReturned(node, back === 'unchanged' && isNew ? 'restarted' : back);
  }

  /** The processes of nodes end now and start after `forNs`; `draw` tells several such actions apart. */
  restart(which: ChosenNodes, forNs: number, draw: number): void {
    for (const node of this.#choose(which, this.#restartHash, draw)) {
      if (this.#isAway[node] === 0 && this.#isLost[node] === 0) this.#connections.onNodeLost(node);
      this.#isAway[node] = 1;
      this.#onAway(node, true);
      const absence = ++this.#absences[node]!;
      this.#simulation.schedule(this.#simulation.nowNs + forNs, this.#backKind, node, absence);
    }
  }

  /** Syncs of nodes that start before `forNs` are over fail. */
  failSyncs(which: ChosenNodes, forNs: number, draw: number): void {
    const untilNs = this.#simulation.nowNs + forNs;
    for (const node of this.#choose(which, this.#failureHash, draw)) this.#proxies.failUntil(node, untilNs);
  }

  /** `onAway` hears of processes that end and start again on nodes that go on running. */
  listen(onAway: (node: number, isAway: boolean) => void): void {
    this.#onAway = onAway;
  }

  #start(node: number, absence: number): void {
    if (absence !== this.#absences[node]) return;
    this.#isAway[node] = 0;
    this.#onAway(node, false);
    if (this.#isLost[node] === 1) this.#isNew[node] = 1;
    else this.#connections.onNodeReturned(node, 'restarted');
  }

  /** The same nodes in every variant. */
  #choose(which: ChosenNodes, hash: CounterHash, draw: number): number[] {
    const nodes = Array.from({ length: this.#zoneOfNode.length }, (_, node) => node);
    if ('zone' in which) return nodes.filter((node) => this.#zoneOfNode[node] === which.zone);
    const key = Float64Array.from(nodes, (node) => hash.uniform(node, draw));
    return nodes
      .sort((a, b) => key[a]! - key[b]! || a - b)
      .slice(0, which.count)
      .sort((a, b) => a - b);
  }
}
