/**
 * Faults of the watches that a scenario asks for, and when the last watch that one of them broke was there again.
 *
 *   fault begins --> watches break, one by one or all at once --> each watches again --> the last one: connected
 */

export type FaultKind = 'apiServerRestart' | 'slowWatchers';

export interface Fault {
  readonly index: number;
  readonly kind: FaultKind;
  readonly startNs: number;
  /** When the server is back, or the nodes read again. */
  readonly endNs: number;
  /** Watches that it broke and that are not back. */
  broken: number;
  /** When the last of those that are back was. */
  lastBackNs: number;
}

const NO_FAULT = -1;

export class WatchFaults {
  readonly all: Fault[] = [];
  /** The last fault that made each node slow. */
  readonly #pausedBy = new Map<number, number>();

  begin(kind: FaultKind, startNs: number, endNs: number): Fault {
    const fault = { index: this.all.length, kind, startNs, endNs, broken: 0, lastBackNs: startNs };
    this.all.push(fault);
    return fault;
  }

  pause(node: number, fault: number): void {
    this.#pausedBy.set(node, fault);
  }

  /** The fault that made a node slow, or -1. */
  ofPause(node: number): number {
    return this.#pausedBy.get(node) ?? NO_FAULT;
  }

  onBreak(fault: number): void {
    this.all[fault]!.broken++;
  }

  /** A node whose watch the fault broke is lost before it is back: nobody waits for it. */
  onLost(fault: number): void {
    this.all[fault]!.broken--;
  }

  onWatching(fault: number, atNs: number): void {
    const { all } = this;
    all[fault]!.broken--;
    all[fault]!.lastBackNs = Math.max(all[fault]!.lastBackNs, atNs);
  }
}
