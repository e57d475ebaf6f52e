/** What the connection level tells of connections and requests as they come and go. */

/**
 * Why a request has no answer. `staleRules`: the rules still held a pod that had stopped accepting; `failedPods`: they held one that
 * had failed, or whose node was lost; `noEndpoints`: refused for want of any endpoint; `noLocalEndpoints`: dropped by a node without
 * one under policy Local; `loadBalancer`: the same, sent there by a load balancer, or it had no node to send to.
 */
export type LossCause = 'staleRules' | 'failedPods' | 'noEndpoints' | 'noLocalEndpoints' | 'loadBalancer';

/** Whether the client is told at once. If not, it waits for its own time-out. */
export const isRefused = (cause: LossCause): boolean => cause === 'staleRules' || cause === 'noEndpoints';

/** `population`: position in the list of populations. */
export interface ConnectionObserver {
  opened(population: number, pod: number): void;
  /** However it ended. */
  closed(population: number, pod: number): void;
  /** The connection is about to close because its pod or a node that it went through is gone. */
  reset(population: number, pod: number): void;
  lost(population: number, cause: LossCause, requests: number): void;
  /** Requests on connections that entered by `node`; a mean, which need not be whole. */
  answered(population: number, node: number, pod: number, isMasqueraded: boolean, requests: number): void;
}
