/**
 * On which node the next pod of a service runs: what the scheduler's filters and scores come to, by four strategies.
 *
 *   pod created --place--> Placement --> node, counted for the service
 *   pod deleted, or moved from a lost node --release--> no longer counted
 *
 * Nodes that are lost are passed over from the moment of their loss: a little sooner than by the taint that the scheduler goes by.
 *
 * Left out: resources, taints, preemption, affinity that is required and not preferred, pods of other services on the node (but for
 * `even`). The scheduler's own queueing is in controlplane/scheduler.ts.
 */

export const PLACEMENT_STRATEGIES = ['even', 'random', 'antiAffinity', 'topologySpread'] as const;

/**
 * even: round all nodes in a random order, whatever the service. random: each pod on any node alike. antiAffinity: a node with the
 * fewest pods of the service (preferred podAntiAffinity on kubernetes.io/hostname). topologySpread: a zone with the fewest, then a
 * node of it with the fewest (topologySpreadConstraints with maxSkew 1 on zones, then on nodes).
 */
export type PlacementStrategy = (typeof PLACEMENT_STRATEGIES)[number];

export interface Placement {
  /**
   * The node of the `ordinal`-th pod that the service ever had, which counts there from now on: one that is up, if there is one. The
   * ordinal is the key of what is drawn, so that variants agree on it.
   */
  place(service: number, ordinal: number): number;
  /** A pod of the service that was put on the node no longer counts there. */
  release(service: number, node: number): void;
}
