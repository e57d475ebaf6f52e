/**
 * The part of the metric catalogue about the requests of clients: what is lost and why, which way requests go, and how evenly pods
 * are loaded. None of these is measured in a scenario without `clients`.
 *
 * "Requests" are those of all clients together, from the first action of the workload to the end of the run.
 */

import { define, type MetricDefinition } from './metric-definition.js';

const total = (title: string, estimand: string): MetricDefinition => define('scalar', 'count', title, estimand);

const lost = (cause: string, what: string): MetricDefinition =>
  total(`Requests lost: ${cause}`, `Requests lost because ${what}.`);

const share = (title: string, estimand: string): MetricDefinition => define('scalar', 'ratio', title, estimand);

const ofLoads = (unit: 'ratio' | 'number', title: string, what: string): MetricDefinition =>
  define(
    'scalar',
    unit,
    title,
    `${what}, at the end of the run: over the pods that are ready, mean over the services that have clients.`,
  );

export const TRAFFIC_METRICS = {
  requests_total: total('Requests', 'Requests that clients send.'),
  requests_lost_total: total('Requests lost', 'Requests that get no answer from a pod, whatever the cause.'),
  requests_lost_ratio: share('Requests lost, share', 'Requests lost, divided by the requests.'),
  requests_lost_per_replaced_pod: define(
    'scalar',
    'count',
    'Requests lost per replaced pod',
    'Requests lost, divided by the pods of services with clients that stop accepting connections because they are to end (rollout, scaling, eviction), from the first action of the workload to the end of the run; failed pods and those of lost nodes are not counted. Unlike the share, it does not fall because a run goes on for longer. None where no pod ends.',
  ),
  requests_lost_stale_rules_total: lost(
    'stale rules',
    'the rules of a node still held a pod that had stopped accepting connections',
  ),
  requests_lost_failed_pods_total: lost(
    'failed pods',
    'the rules of a node held a pod that had failed, or whose node was lost, and nobody had noticed yet',
  ),
  requests_lost_no_endpoints_total: lost('no endpoints', 'the service had no usable endpoint anywhere'),
  requests_lost_no_local_endpoints_total: lost(
    'no local endpoints',
    'the traffic policy is Local and the node had no usable endpoint',
  ),
  requests_lost_load_balancer_total: lost(
    'load balancer not drained',
    'the load balancer still sent to a node that was lost or had no usable endpoint under policy Local, or it had no node to send to',
  ),
  requests_lost_conntrack_total: lost('conntrack full', 'the connection tracking table of the node was full'),
  requests_lost_queue_full_total: lost('queue full', 'as many as may wait waited in their pod'),
  requests_lost_pod_ended_total: lost('pod ended', 'their pod ended while it had them, in service or waiting'),
  requests_refused_total: total('Requests refused', 'Lost requests whose client was told at once.'),
  requests_timed_out_total: total('Requests timed out', 'Lost requests whose client got no answer at all.'),
  requests_second_hop_ratio: share(
    'Requests with a second hop',
    'Requests whose pod is on another node than the one that they enter the cluster by, or are made on, divided by those that reach a pod.',
  ),
  requests_cross_zone_ratio: share(
    'Requests across zones',
    'Requests whose pod is in another zone than the node that they enter the cluster by, or are made on, divided by those that reach a pod.',
  ),
  requests_source_address_kept_ratio: share(
    'Requests with their source address',
    'Requests whose pod sees the address that the client has, divided by those that reach a pod.',
  ),
  pod_load_relative: define(
    'distribution',
    'number',
    'Load of pods, relative to the mean of their service',
    'Over the ready pods of services that have clients, at the end of the run, equally weighted: the rate of requests of the pod divided by the mean of its service.',
  ),
  pod_load_max_over_mean: ofLoads('number', 'Hottest pod over the mean', 'Load of the hottest pod divided by the mean'),
  pod_load_max_over_min: ofLoads(
    'number',
    'Hottest pod over the coldest',
    'Load of the hottest pod divided by that of the coldest that has any',
  ),
  pod_load_cov: ofLoads('number', 'Variation of load between pods', 'Coefficient of variation of the loads'),
  pod_load_gini: ofLoads('number', 'Gini coefficient of load', 'Gini coefficient of the loads: 0 when all are equal'),
  pod_load_jain_index: ofLoads(
    'number',
    'Jain index of load',
    "Jain's fairness index of the loads: 1 when all are equal",
  ),
  pod_load_hottest_share: ofLoads(
    'ratio',
    'Share of the hottest pod',
    'Share of all requests that the hottest pod gets',
  ),
  pod_load_max_over_mean_peak: define(
    'scalar',
    'number',
    'Hottest pod over the mean, at its worst',
    'The largest quotient of the load of the hottest pod and the mean, looked at once a second from the first action of the workload to the end; mean over the services that have clients.',
  ),
  pods_over_capacity_ratio: ofLoads('ratio', 'Pods above their capacity', 'Share of pods with more load than capacity'),
  services_over_capacity_ratio: share(
    'Services with a pod above its capacity',
    'Share of the services with clients in which at least one ready pod has more load than capacity, at the end of the run.',
  ),
  node_load_max_over_mean: define(
    'scalar',
    'number',
    'Hottest node over the mean',
    'Requests that the hottest node handles for its own pods, divided by the mean over the nodes that have ready pods of services with clients, at the end of the run.',
  ),
  open_connections_relative: define(
    'distribution',
    'number',
    'Open connections of pods, relative to the mean of their service',
    'Over the ready pods of services whose clients are followed connection by connection, at the end of the run, equally weighted: the open connections of the pod divided by the mean of its service. None where no connection is open.',
  ),
  open_connections_max_over_mean: define(
    'scalar',
    'number',
    'Pod with most connections over the mean',
    'Open connections of the ready pod that has most divided by the mean, at the end of the run: mean over the services whose clients are followed connection by connection and have any open.',
  ),
  connections_opened_total: total(
    'Connections opened',
    'Connections that pods accept from clients that are followed connection by connection, from the first action of the workload to the end of the run.',
  ),
  connections_reset_total: total(
    'Connections reset',
    'Connections that end because their pod, its node or the node that they entered by is gone, from the first action of the workload to the end of the run. Of clients that are followed connection by connection.',
  ),
  request_duration_seconds: define(
    'distribution',
    'seconds',
    'Response time',
    'Over answered requests of clients with detail request, equally weighted: from the request to its answer, waiting and service in the pod and the network included; outside of the cluster the network is not counted.',
  ),
  request_queue_seconds: define(
    'distribution',
    'seconds',
    'Waiting in the pod',
    'Over answered requests of clients with detail request, equally weighted: from the arrival in the pod to the moment when it begins to work on it.',
  ),
  requests_in_flight_mean: define(
    'scalar',
    'count',
    'Requests in pods',
    'Requests of clients with detail request that pods work on or have waiting, all pods together, mean over the time in which clients send.',
  ),
  requests_queued_max: define(
    'scalar',
    'count',
    'Longest queue of a pod',
    'The most requests of clients with detail request that waited in one pod at a time.',
  ),
  pod_utilization_max: define(
    'scalar',
    'ratio',
    'Utilization of the busiest pod',
    'Over pods with a limited concurrency that clients with detail request send to: the time that a pod works on requests, divided by its concurrency and the time in which clients send; the largest.',
  ),
  pod_utilization_mean: define(
    'scalar',
    'ratio',
    'Utilization of pods',
    'Over pods with a limited concurrency that clients with detail request send to: the time that they work on requests, divided by their concurrency and the time that they are there while clients send.',
  ),
  requests_lost_per_second: define('series', 'eventsPerSecond', 'Requests lost per second', 'Over all clients.'),
} as const satisfies Record<string, MetricDefinition>;

/** Why requests are lost, with the metric that counts those. */
export const METRIC_OF_LOSS = {
  staleRules: 'requests_lost_stale_rules_total',
  failedPods: 'requests_lost_failed_pods_total',
  noEndpoints: 'requests_lost_no_endpoints_total',
  noLocalEndpoints: 'requests_lost_no_local_endpoints_total',
  loadBalancer: 'requests_lost_load_balancer_total',
  conntrack: 'requests_lost_conntrack_total',
  queueFull: 'requests_lost_queue_full_total',
  podEnded: 'requests_lost_pod_ended_total',
} as const satisfies Record<string, keyof typeof TRAFFIC_METRICS>;

export type LossCauseName = keyof typeof METRIC_OF_LOSS;

/** In the order of the catalogue. */
export const LOSS_CAUSES = Object.keys(METRIC_OF_LOSS) as readonly LossCauseName[];
