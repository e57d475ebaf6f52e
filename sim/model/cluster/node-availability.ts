/**
 * Which nodes are up, as it truly is and not as anybody has noticed.
 *
 *   node faults --> NodeAvailability --> placement, scheduler, kubelets, pod life cycle
 *
 * Left out: nodes that are up in part, such as one whose network drops packets.
 */

/** How what runs on a node comes back: as it was, with processes that know nothing, or with its kernel's tables empty too. */
export type NodeBack = 'unchanged' | 'restarted' | 'rebooted';

export class NodeAvailability {
  /** All nodes, those that are up first, and where each is among them. */
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  #up: number;
  #returns = 0;

  constructor(nodes: number) {
    this.#order = Int32Array.from({ length: nodes }, (_, node) => node);
    this.#place = this.#order.slice();
    this.#up = nodes;
  }

  isUp(node: number): boolean {
    return this.#place[node]! < this.#up;
  }

  /** Nodes that are up. */
  get up(): number {
    return this.#up;
  }

  /** How often a node has come back so far. */
  get returns(): number {
    return this.#returns;
  }

  /** One of the nodes that are up, by a number from 0 to below `up`. */
  upNode(index: number): number {
    return this.#order[index]!;
  }

  setUp(node: number, isUp: boolean): void {
    if (this.isUp(node) === isUp) return;
    // Over the boundary between up and down, in exchange for the node that is next to it.
    const boundary = isUp ? this.#up++ : --this.#up;
    const place = this.#place[node]!;
    const neighbor = this.#order[boundary]!;
    this.#order[place] = neighbor;
    this.#place[neighbor] = place;
    this.#order[boundary] = node;
    this.#place[node] = boundary;
    if (isUp) this.#returns++;
  }
}
