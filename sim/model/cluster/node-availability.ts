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
  readonly #isDown: Uint8Array;
  #down = 0;

  constructor(nodes: number) {
    this.#isDown = new Uint8Array(nodes);
  }

  isUp(node: number): boolean {
    return this.#isDown[node] === 0;
  }

  /** Nodes that are up. */
  get up(): number {
    return this.#isDown.length - this.#down;
  }

  setUp(node: number, isUp: boolean): void {
    if (this.isUp(node) === isUp) return;
    this.#isDown[node] = isUp ? 0 : 1;
    this.#down += isUp ? -1 : 1;
  }
}
