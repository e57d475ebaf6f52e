/** What the connection level tells of connections and requests as they come and go. */

import type { LossCause } from '../loss-cause.js';

/** `population`: position in the list of populations. */
export interface ConnectionObserver {
  opened(population: number, pod: number): void;
  /** However it ended. */
  closed(population: number, pod: number): void;
  /** The connection is about to close because its pod or a node that it went through is gone. */
  reset(population: number, pod: number): void;
  /** `isRefused`: the client is told at once; else it waits for its own time-out. */
  lost(population: number, cause: LossCause, isRefused: boolean, requests: number): void;
  /** Requests on connections that entered by `node`; a mean, which need not be whole. */
  answered(population: number, node: number, pod: number, isMasqueraded: boolean, requests: number): void;
}
