/**
 * The shape of a Service: what of its spec and status decides which rules a node has for it, and which of its endpoints a packet
 * may reach. Shapes are shared by all services of a group.
 *
 * Left out: several ports (count each port as a service), headless services and ExternalName, which no kube-proxy programs.
 */

export type TrafficPolicy = 'Cluster' | 'Local';

export interface ServiceShape {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly internalTrafficPolicy: TrafficPolicy;
  /** Counts for services that are reachable from outside only. */
  readonly externalTrafficPolicy: TrafficPolicy;
  readonly sessionAffinity: 'None' | 'ClientIP';
  /** How many addresses spec.externalIPs has. */
  readonly externalIPs: number;
  /** How many addresses status.loadBalancer.ingress has whose ipMode is VIP; 0 unless the type is LoadBalancer. */
  readonly loadBalancerIPs: number;
  /** How many ranges spec.loadBalancerSourceRanges has. */
  readonly loadBalancerSourceRanges: number;
  /** Of a load balancer: whether it has a node port too. */
  readonly allocateLoadBalancerNodePorts: boolean;
}

/** A plain ClusterIP service. */
export const CLUSTER_IP: ServiceShape = {
  type: 'ClusterIP',
  protocol: 'TCP',
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
  sessionAffinity: 'None',
  externalIPs: 0,
  loadBalancerIPs: 0,
  loadBalancerSourceRanges: 0,
  allocateLoadBalancerNodePorts: true,
};

/** Whether the service has a node port. */
export const hasNodePort = ({ type, allocateLoadBalancerNodePorts }: ServiceShape): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts);

/** Whether the service can be reached by another address than its cluster IP. */
export const isReachableFromOutside = (shape: ServiceShape): boolean =>
  hasNodePort(shape) || shape.externalIPs > 0 || shape.loadBalancerIPs > 0;

/** Whether traffic from outside goes to endpoints of the node only (externalTrafficPolicy Local, where it counts). */
export const isExternalPolicyLocal = (shape: ServiceShape): boolean =>
  shape.externalTrafficPolicy === 'Local' && isReachableFromOutside(shape);

/** Whether any traffic of the service may go to endpoints of the whole cluster. */
export const usesClusterEndpoints = (shape: ServiceShape): boolean =>
  shape.internalTrafficPolicy === 'Cluster' || isReachableFromOutside(shape);

/** Whether any traffic of the service goes to endpoints of the node only. */
export const usesLocalEndpoints = (shape: ServiceShape): boolean =>
  shape.internalTrafficPolicy === 'Local' || isExternalPolicyLocal(shape);

/** Whether load balancers ask the node for the service's health (spec.healthCheckNodePort is set). */
export const hasHealthCheckNodePort = (shape: ServiceShape): boolean =>
  shape.type === 'LoadBalancer' && shape.externalTrafficPolicy === 'Local';
