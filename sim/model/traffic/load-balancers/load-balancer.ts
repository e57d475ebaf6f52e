/**
 * What every external load balancer of a service is to the rest of the model: it hears how nodes answer, and says how much of the
 * traffic from outside each node gets.
 *
 *   kube-proxies' rules, endpoint objects, node faults --NodeAnswer--> [load balancer: health checks, announcements] --weights--> traffic
 *
 * A weight is a share of the new flows relative to the other nodes: 1 for each target of a load balancer that does not weigh. Weights
 * change at the simulated time at which the data path of the load balancer changes.
 */

/**
 * What somebody who asks a node for the health of a service gets to hear: yes (the health check node port of policy Local, else the
 * health of kube-proxy), no, or nothing at all, as the node is down.
 */
export type NodeAnswer = 'healthy' | 'unhealthy' | 'silent';

/** The service as it is when the run begins: everything has settled. */
export interface InitialTargets {
  readonly nodes: number;
  readonly answerOf: (node: number) => NodeAnswer;
  /** Ready endpoints on the node, as the endpoint objects say. */
  readonly readyOn: (node: number) => number;
}

/** Hears that a node gets another weight from now on. */
export type WeightListener = (node: number, weight: number) => void;

/** Hears that this share of all open flows is sent to other nodes than before from now on, whatever becomes of them there. */
export type FlowsMovedListener = (share: number) => void;

/** Hears that the node is taken out of the pool, and how long connections by it may still go on. */
export type TargetLeftListener = (node: number, drainNs: number) => void;

export interface LoadBalancer {
  /** Call once, before anything else; every node with a weight above 0 is told to `onWeight` at once. */
  start(initial: InitialTargets, onWeight: WeightListener): void;
  /** From now on the node answers so. */
  nodeAnswers(node: number, answer: NodeAnswer): void;
  /** The endpoint objects now say that so many ready endpoints are on the node. */
  endpointsPublished(node: number, ready: number): void;
  /**
   * Of load balancers that keep no table of open flows, and so send the rest of a flow elsewhere when their nodes change. Without it
   * open flows stay where they are, those of nodes that go apart.
   */
  onFlowsMoved?(listener: FlowsMovedListener): void;
  /** Of load balancers that keep a table of open flows and end those of targets which are taken out of the pool. */
  onTargetLeft?(listener: TargetLeftListener): void;
}
