/**
 * When all nodes have applied the log up to some entry: what recoveries from faults are measured by.
 *
 *   syncs that move a node's cursor, nodes that are lost --> [milestones] --> nodes left, time of the last sync
 */

/** When all nodes that are not lost have applied the first `entries` of the log. */
export interface Milestone {
  readonly entries: number;
  /** Nodes that have not. */
  nodesLeft: number;
  /** End of the last sync that did. */
  lastAppliedNs: number;
  /** Nodes that were lost before they had: nobody waits for them. */
  readonly excused: Set<number>;
}

export class Milestones {
  readonly #milestones: Milestone[] = [];

  get isEmpty(): boolean {
    return this.#milestones.length === 0;
  }

  /** `cursors`: entries that each node has applied by now or by the end of a sync that is running, which `syncEndNs` has. */
  add(entries: number, cursors: Int32Array, syncEndNs: Float64Array, isLost: (node: number) => boolean): Milestone {
    const milestone = { entries, nodesLeft: 0, lastAppliedNs: 0, excused: new Set<number>() };
    for (const [node, cursor] of cursors.entries()) {
      // A sync that is still running may have applied the last of them.
      if (cursor >= entries) milestone.lastAppliedNs = Math.max(milestone.lastAppliedNs, syncEndNs[node]!);
      else if (isLost(node)) milestone.excused.add(node);
      else milestone.nodesLeft++;
    }
    this.#milestones.push(milestone);
    return milestone;
  }

  /** A sync that ends at `endNs` moves the cursor of the node from `from` to `end`. */
  pass(node: number, from: number, end: number, endNs: number): void {
    for (const milestone of this.#milestones) {
      if (from >= milestone.entries || end < milestone.entries || milestone.excused.has(node)) continue;
      milestone.nodesLeft--;
      milestone.lastAppliedNs = Math.max(milestone.lastAppliedNs, endNs);
    }
  }

  /** A node is lost that had applied `cursor` entries. */
  onLost(node: number, cursor: number): void {
    for (const milestone of this.#milestones) {
      if (cursor >= milestone.entries || milestone.excused.has(node)) continue;
      milestone.excused.add(node);
      milestone.nodesLeft--;
    }
  }
}
