/**
 * What the endpoint objects of one API and address family say of each pod, as they were last committed: columns indexed by pod.
 */

import { widen } from '../cluster/columns.js';
import type { PodTable } from '../cluster/pods.js';

/** Not in any slice. */
export const NO_SLICE = -1;

export class PublishedPods {
  /** State of the pod as its endpoint shows it, see PodState; 0 when it is no endpoint. */
  state = new Uint8Array(0);
  /** Slice of its service that holds it, or NO_SLICE. Endpoints objects leave it alone. */
  slice = new Int32Array(0);
  readonly #pods: PodTable;

  constructor(pods: PodTable) {
    this.#pods = pods;
  }

  /** Makes room for all pods that there are: to be called before the columns are used for new ones. */
  grow(): void {
    const length = this.state.length;
    if (length >= this.#pods.count) return;
    const capacity = Math.max(this.#pods.count, 2 * length);
    this.state = widen(this.state, capacity);
    this.slice = widen(this.slice, capacity).fill(NO_SLICE, length);
  }
}
