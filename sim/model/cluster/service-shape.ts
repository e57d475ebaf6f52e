/**
 * The shape of a Service: what of its spec and status decides which rules a node has for it, and which of its endpoints a packet
 * may reach. Shapes are shared by all services of a group.
 *
 *   type, addresses, policies, ports --> service ports on nodes, addresses, node ports --> proxy modes, allocators
 *
 * All ports of a service lead to the same pods, so what holds for one of them holds for each; kube-proxy makes its rules port by port.
 *
 * Left out: ports that differ in protocol, or whose pods differ; names of ports of the pods.
 */

export type TrafficPolicy = 'Cluster' | 'Local';

export interface ServiceShape {
  /** `Headless`: what the API calls clusterIP None. Neither that nor an ExternalName is anything to kube-proxies. */
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'Headless' | 'ExternalName';
  /** How many ports it has. */
  readonly ports: number;
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
  ports: 1,
  protocol: 'TCP',
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
  sessionAffinity: 'None',
  externalIPs: 0,
  loadBalancerIPs: 0,
  loadBalancerSourceRanges: 0,
  allocateLoadBalancerNodePorts: true,
};

/** Whether kube-proxies have rules for the service: it has a cluster IP. */
export const isProxied = ({ type }: Pick<ServiceShape, 'type'>): boolean =>
  type !== 'Headless' && type !== 'ExternalName';

/** Service ports that kube-proxies have of the service. */
export const servicePorts = (shape: Pick<ServiceShape, 'type' | 'ports'>): number =>
  isProxied(shape) ? shape.ports : 0;

/** Whether each port of the service has a node port. */
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

/** Ports that the service takes of the range of node ports: one for each of its own, and one for health checks. */
export const nodePortsOf = (shape: ServiceShape): number =>
  (hasNodePort(shape) ? shape.ports : 0) + (hasHealthCheckNodePort(shape) ? 1 : 0);
