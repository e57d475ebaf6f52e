/**
 * The catalogue of what a replication measures: names, units, estimands. Objectives, expectations, results and reports
 * all name their metrics from this table, so that one name means one thing everywhere.
 *
 * Three kinds: a *distribution* has statistics mean, p50, p90, p99 and max of a population of samples;
 * a *scalar* is one number per replication, with the statistic `value`; a *series* is an amount over simulated time.
 */

import { define, type MetricDefinition } from './metric-definition.js';
import { TRAFFIC_METRICS } from './traffic-metrics.js';

export type { MetricDefinition, MetricUnit } from './metric-definition.js';

const CLIENT_UTILIZATION = 'Calls divided by the calls that qps and burst let through from the first call to the last.';

/** Scalars of the API server that have one value for each priority level: the level is the end of the name. */
const nominalLimitSeats = (level: string): MetricDefinition =>
  define(
    'scalar',
    'count',
    `Nominal seats of ${level}`,
    `Seats that one API server gives the priority level ${level} before any are borrowed. None without priority and fairness.`,
  );

/** What a proxy mode keeps on a node. Where the real metric has the table as a label, it is the end of the name here. */
const nodeGauge = (title: string, what: string): MetricDefinition =>
  define('scalar', 'count', title, `${what}, mean over the nodes at the end of the run.`);

/** Metric names; a name that a real component exports keeps its name. */
export const METRICS = {
  network_programming_duration_seconds: define(
    'distribution',
    'seconds',
    'Network programming latency, as kube-proxy measures it',
    'Over (endpoint write with a trigger time, node) pairs, equally weighted: from the trigger time in the annotation (whole seconds, rounded down) to the end of the sync that applied the write.',
  ),
  network_programming_true_seconds: define(
    'distribution',
    'seconds',
    'Network programming latency, true',
    'Over (endpoint write, node) pairs, equally weighted: from the moment of the earliest pod or service change in the write to the end of the sync that applied it, deletions included.',
  ),
  stage_kubelet_seconds: define(
    'distribution',
    'seconds',
    'Pod status write',
    'From the change in the pod to its commit at the API server, by its kubelet or, when its node is lost, by the node life cycle controller; weighted like the true latency.',
  ),
  stage_batch_period_seconds: define(
    'distribution',
    'seconds',
    'Watch delivery and batch period',
    'From the commit of the pod change to the moment when its service stood in the work queue of the endpoint controller; weighted like the true latency.',
  ),
  stage_controller_queue_seconds: define(
    'distribution',
    'seconds',
    'Controller work queue',
    'Waiting in the work queue until a worker began with the service; weighted like the true latency.',
  ),
  stage_controller_backoff_seconds: define(
    'distribution',
    'seconds',
    'Controller back-off',
    'From the first sync of the service that failed (stale informer cache, conflict, refused write) to the start of the one that did not; weighted like the true latency.',
  ),
  stage_client_throttle_seconds: define(
    'distribution',
    'seconds',
    'Controller client throttling',
    'From the start of the controller sync to the moment the write left the client: qps and burst, and the writes before it in the same sync; weighted like the true latency.',
  ),
  stage_flow_control_seconds: define(
    'distribution',
    'seconds',
    'API server flow control',
    'What the commit of the write took longer than on an unloaded API server with a healthy etcd: waiting for seats, retries, a server that was down, a slow etcd; weighted like the true latency.',
  ),
  stage_api_write_seconds: define(
    'distribution',
    'seconds',
    'API server and etcd write',
    'From the write leaving the client to its commit, as an unloaded API server takes it; weighted like the true latency.',
  ),
  stage_watch_fanout_seconds: define(
    'distribution',
    'seconds',
    'Watch fan-out',
    'From the commit to the delivery at the node: dispatch, network card, link; weighted like the true latency.',
  ),
  stage_proxy_wait_seconds: define(
    'distribution',
    'seconds',
    'kube-proxy waiting to sync',
    'From the delivery at the node to the start of the sync that applied it; weighted like the true latency.',
  ),
  stage_proxy_sync_seconds: define(
    'distribution',
    'seconds',
    'kube-proxy sync',
    'Duration of the sync that applied the write; weighted like the true latency, so a sync that applies many writes counts many times.',
  ),
  sync_proxy_rules_duration_seconds: define(
    'distribution',
    'seconds',
    'kube-proxy sync duration',
    'Over the syncs of all nodes from the first workload action to the end, equally weighted, partial and full.',
  ),
  sync_full_proxy_rules_duration_seconds: define(
    'distribution',
    'seconds',
    'kube-proxy full sync duration',
    'Over the full syncs of all nodes from the first workload action to the end, equally weighted.',
  ),
  sync_partial_proxy_rules_duration_seconds: define(
    'distribution',
    'seconds',
    'kube-proxy partial sync duration',
    'Over the partial syncs of all nodes from the first workload action to the end, equally weighted.',
  ),
  kube_proxy_first_sync_seconds: define(
    'distribution',
    'seconds',
    'First sync after a start of kube-proxy',
    'Over the starts of kube-proxies within the run (restarts and reboots), equally weighted: from the start of the process to the end of its first sync that did not fail. None without starts.',
  ),
  endpoint_object_bytes: define(
    'distribution',
    'bytes',
    'Size of written endpoint objects',
    'Over the committed writes of EndpointSlices or Endpoints, equally weighted; size of the watch frame.',
  ),
  watch_bytes_total: define(
    'scalar',
    'bytes',
    'Bytes sent to watchers',
    'Sum of the frame sizes of all endpoint watch events that left the API servers, over all nodes, events that were sent again included.',
  ),
  watch_events_total: define(
    'scalar',
    'count',
    'Watch events sent',
    'Endpoint watch events that left the API servers, over all nodes.',
  ),
  endpoint_writes_total: define(
    'scalar',
    'count',
    'Endpoint object writes',
    'Committed writes that changed an object.',
  ),
  node_ports_allocated: define(
    'scalar',
    'count',
    'Node ports allocated',
    'Ports of the range of node ports that services have at the end of the run: one for each of their ports, and one for the health checks of a load balancer with externalTrafficPolicy Local. Not given when no service has any.',
  ),
  node_ports_range_utilization: define(
    'scalar',
    'ratio',
    'Share of the node ports that is allocated',
    'Node ports allocated, divided by the ports of serviceNodePortRange.',
  ),
  node_port_choices_refused_total: define(
    'scalar',
    'count',
    'Chosen node ports that were taken',
    'Node ports that people chose (manualNodePorts) and the API server refused as already allocated; a refused choice is made again.',
  ),
  node_port_refusal_probability: define(
    'scalar',
    'ratio',
    'Probability that a chosen node port is taken',
    'Probability that at least one of the choices of node ports is refused, given the order in which services are created; exact, and so the same in every replication.',
  ),
  endpoint_writes_unchanged_total: define(
    'scalar',
    'count',
    'Endpoint object writes that changed nothing',
    'Write requests that the API server answered without an event, e.g. of an over-capacity Endpoints object.',
  ),
  endpoint_writes_rejected_total: define(
    'scalar',
    'count',
    'Endpoint object writes rejected',
    'Write requests over the size limit of etcd.',
  ),
  endpoint_writes_conflict_total: define(
    'scalar',
    'count',
    'Endpoint object writes in conflict',
    'Write requests that the API server refused with 409 as they were made of a stale object: Endpoints before 1.31.',
  ),
  endpoint_slice_controller_endpoints_desired: define(
    'scalar',
    'count',
    'Endpoints in slices',
    'At the end of the run, as the EndpointSlice controller counts them: over all services, of one address family each.',
  ),
  endpoint_slice_controller_num_endpoint_slices: define(
    'scalar',
    'count',
    'EndpointSlices',
    'At the end of the run, as the EndpointSlice controller counts them: over all services, of one address family each.',
  ),
  endpoint_slice_controller_desired_endpoint_slices: define(
    'scalar',
    'count',
    'EndpointSlices that would do',
    'At the end of the run: slices that the same endpoints would fill if they were packed anew; the rest is fragmentation.',
  ),
  controller_stale_syncs_total: define(
    'scalar',
    'count',
    'Controller syncs on a stale cache',
    'Syncs that ended early because the informer had not seen the last write of the service.',
  ),
  kubelet_client_utilization: define('scalar', 'ratio', 'Kubelet API client, busiest node', CLIENT_UTILIZATION),
  scheduler_client_utilization: define('scalar', 'ratio', 'Scheduler API client', CLIENT_UTILIZATION),
  replicaset_controller_client_utilization: define(
    'scalar',
    'ratio',
    'ReplicaSet controller API client',
    CLIENT_UTILIZATION,
  ),
  statefulset_controller_client_utilization: define(
    'scalar',
    'ratio',
    'StatefulSet controller API client',
    CLIENT_UTILIZATION,
  ),
  deployment_controller_client_utilization: define(
    'scalar',
    'ratio',
    'Deployment controller API client',
    CLIENT_UTILIZATION,
  ),
  endpoint_controller_client_utilization: define(
    'scalar',
    'ratio',
    'Endpoint controller API client',
    CLIENT_UTILIZATION,
  ),
  taint_eviction_controller_client_utilization: define(
    'scalar',
    'ratio',
    'Taint eviction controller API client',
    CLIENT_UTILIZATION,
  ),
  endpoint_controller_worker_utilization: define(
    'scalar',
    'ratio',
    'Endpoint controller workers',
    'Share of the workers that are at work, from the first workload action to the end of the run; what they wait for their client or for the API server is not work.',
  ),
  apiserver_dispatch_utilization: define(
    'scalar',
    'ratio',
    'API server watch dispatcher',
    'Busy share of the busiest dispatcher of endpoint watch events from the first workload action to the end of the run.',
  ),
  apiserver_flowcontrol_nominal_limit_seats_system: nominalLimitSeats('system'),
  apiserver_flowcontrol_nominal_limit_seats_node_high: nominalLimitSeats('node-high'),
  apiserver_flowcontrol_nominal_limit_seats_leader_election: nominalLimitSeats('leader-election'),
  apiserver_flowcontrol_nominal_limit_seats_workload_high: nominalLimitSeats('workload-high'),
  apiserver_flowcontrol_nominal_limit_seats_workload_low: nominalLimitSeats('workload-low'),
  apiserver_flowcontrol_nominal_limit_seats_global_default: nominalLimitSeats('global-default'),
  apiserver_flowcontrol_nominal_limit_seats_catch_all: nominalLimitSeats('catch-all'),
  apiserver_flowcontrol_request_wait_duration_seconds: define(
    'distribution',
    'seconds',
    'Wait for seats at the API server',
    'Over all requests that an API server executed in the whole run, equally weighted: from the arrival to the seats.',
  ),
  apiserver_flowcontrol_rejected_requests_total: define(
    'scalar',
    'count',
    'Requests rejected by flow control',
    'Answers with 429, Too Many Requests, of all API servers; a request that is rejected again counts again.',
  ),
  apiserver_flowcontrol_priority_level_seat_utilization_workload_high: define(
    'scalar',
    'ratio',
    'Seat utilisation of workload-high',
    'Seats in use over seats that there were, borrowed ones included, from the first workload action to the end, on the API server where that is highest. None without priority and fairness.',
  ),
  apiserver_storage_size_bytes: define(
    'scalar',
    'bytes',
    'etcd database size',
    'Size of the database file at the end of the run: typical objects at the start and the revisions that compaction had not yet freed at the worst time.',
  ),
  apiserver_network_utilization: define(
    'scalar',
    'ratio',
    'API server network card utilisation',
    'Busy share of the busiest API server network card from the first workload action to the end of the run.',
  ),
  apiserver_watch_cpu_seconds: define(
    'scalar',
    'seconds',
    'API server CPU spent on watch events',
    'Encoding once per event and sending to every watcher, summed over the API servers.',
  ),
  apiserver_watch_cpu_cores: define(
    'scalar',
    'cores',
    'API server cores needed for watches',
    'CPU time for watch events and lists of endpoint objects on the API server that spent most, divided by the time from the first workload action to the end of the run.',
  ),
  apiserver_watch_cpu_utilization: define(
    'scalar',
    'ratio',
    'API server CPU utilisation by watches',
    'The cores needed for watches divided by the cores of an API server; none when they are not limited.',
  ),
  apiserver_terminated_watchers_total: define(
    'scalar',
    'count',
    'Watches closed for being slow',
    'Watches that an API server closed because their buffers were full when the budget of its dispatcher was used up.',
  ),
  apiserver_watch_cache_capacity: define(
    'scalar',
    'count',
    'Watch cache capacity',
    'Events that the watch cache of endpoint objects can hold at the end of the run, the largest of the API servers.',
  ),
  watch_relists_total: define(
    'scalar',
    'count',
    'Relists',
    'LIST requests by kube-proxies whose watch could not resume because the watch cache no longer reached back to where it ended, or whose node was restarted.',
  ),
  list_bytes_total: define(
    'scalar',
    'bytes',
    'Bytes of relists',
    'Endpoint objects in the lists that kube-proxies received, not part of the bytes sent to watchers.',
  ),
  api_server_restart_recovery_seconds: define(
    'scalar',
    'seconds',
    'Recovery from an API server restart',
    'From the restart to the moment when every watch that it broke is there again and every node has applied every write that was committed by the end of the outage; the longest of all restarts. None without a restart, or when the run ended before.',
  ),
  slow_watcher_recovery_seconds: define(
    'scalar',
    'seconds',
    'Recovery of slow watchers',
    'From the moment when nodes stop to read to the moment when every watch that this broke is there again and every node has applied every write that was committed until they read again; the longest of all. None without slow watchers, or when the run ended before.',
  ),
  controller_manager_fail_over_recovery_seconds: define(
    'scalar',
    'seconds',
    'Recovery from a controller manager fail-over',
    'From the crash of the leader to the moment when the next one has synced what it found, with no service waiting, and every node has applied every write that was committed by then; the longest of all. None without a fail-over, or when the run ended before.',
  ),
  slow_etcd_recovery_seconds: define(
    'scalar',
    'seconds',
    'Recovery from a slow etcd',
    'From the moment when etcd slows down to the moment when, after it is fast again, the endpoint controller has no service waiting, and every node has applied every write that was committed by then; the longest of all. None without a slow etcd, or when the run ended before.',
  ),
  kube_proxy_sync_cpu_seconds_per_node: define(
    'scalar',
    'seconds',
    'Node CPU spent on syncs',
    'Time of all syncs of a node from the first workload action to the end, and of its looks at its rules every syncPeriod; mean over the nodes. Wall time, so waits of a few milliseconds in the kernel are in it.',
  ),
  kube_proxy_sync_cpu_share: define(
    'scalar',
    'cores',
    'Node CPU share spent on syncs',
    'Time of all syncs, and of the looks at the rules every syncPeriod, divided by the time from the first workload action to the end, mean over the nodes; the end is when all is quiet, or the duration if that is later.',
  ),
  kube_proxy_syncs_total: define(
    'scalar',
    'count',
    'kube-proxy syncs',
    'Over all nodes, partial and full, from the first workload action to the end.',
  ),
  kube_proxy_failed_syncs_total: define(
    'scalar',
    'count',
    'Syncs that failed',
    'Syncs of all nodes that failed, from the first workload action to the end.',
  ),
  kube_proxy_full_syncs_total: define('scalar', 'count', 'kube-proxy full syncs', 'Over all nodes.'),
  sync_proxy_rules_iptables_total_nat: nodeGauge('iptables rules in nat', 'Rules of kube-proxy in the table nat'),
  sync_proxy_rules_iptables_total_filter: nodeGauge(
    'iptables rules in filter',
    'Rules of kube-proxy in the table filter',
  ),
  sync_proxy_rules_iptables_last_nat: nodeGauge(
    'iptables rules of the last sync, nat',
    'Rules of the table nat that the last sync wrote',
  ),
  sync_proxy_rules_iptables_last_filter: nodeGauge(
    'iptables rules of the last sync, filter',
    'Rules of the table filter that the last sync wrote',
  ),
  sync_proxy_rules_no_local_endpoints_total_internal: nodeGauge(
    'Services without local endpoints, internal',
    'Services with internalTrafficPolicy Local that have endpoints, but none on the node',
  ),
  sync_proxy_rules_no_local_endpoints_total_external: nodeGauge(
    'Services without local endpoints, external',
    'Services with externalTrafficPolicy Local that have endpoints, but none on the node',
  ),
  nftables_rules_total: nodeGauge('nftables rules', "Rules in kube-proxy's tables"),
  nftables_chains_total: nodeGauge('nftables chains', "Chains in kube-proxy's tables"),
  nftables_elements_total: nodeGauge(
    'nftables set and map elements',
    "Elements of sets and maps in kube-proxy's tables",
  ),
  ipvs_virtual_servers_total: nodeGauge('IPVS virtual servers', 'Virtual servers in the kernel'),
  ipvs_real_servers_total: nodeGauge(
    'IPVS real servers',
    'Real servers in the kernel, once for each virtual server that they stand behind',
  ),
  workload_duration_seconds: define(
    'scalar',
    'seconds',
    'Workload duration',
    'From the first workload action to the moment when every change of the workload is on every node that is not lost. None when the run was cut off before.',
  ),
  updates_not_applied_total: define(
    'scalar',
    'count',
    'Updates not applied at the end',
    '(endpoint write, node) pairs that were not on the node when the run ended, nodes that were lost then left out: a censored tail when not 0.',
  ),
  heartbeat_writes_per_second: define(
    'scalar',
    'eventsPerSecond',
    'Heartbeat writes',
    'Lease renewals, and statuses of nodes that are reported because of their age, of all nodes at rest: a background load in closed form, which no event of the run stands for.',
  ),
  node_loss_recovery_seconds: define(
    'scalar',
    'seconds',
    'Recovery from the loss of nodes',
    'From the first loss or restart of nodes until no endpoint object has a ready endpoint on a node that is lost: commit of the write that takes the last of them out, or return of the nodes. None without such a fault, or when the run ended before.',
  ),
  node_replacement_seconds: define(
    'scalar',
    'seconds',
    'Replacement of lost pods',
    'From the first loss or restart of nodes until every service that lost pods has had as many ready replicas as it is meant to have, as the controllers see them. None without such a fault, or when the run ended before.',
  ),
  pods_marked_not_ready_total: define(
    'scalar',
    'count',
    'Pods marked not ready',
    'Pods of lost nodes that the node life cycle controller marked not ready, one write each. None without a loss of nodes.',
  ),
  node_lifecycle_controller_client_utilization: define(
    'scalar',
    'ratio',
    'Node life cycle controller API client',
    'Requests of the node life cycle controller from the first node that it found lost to the last pod that it marked, over those that its qps and burst allow in that time: 1 when the client binds. None when it marked no pod.',
  ),
  pods_evicted_total: define(
    'scalar',
    'count',
    'Pods evicted',
    'Pods of lost nodes that taint eviction deleted. None without a loss of nodes.',
  ),
  load_balancer_provisioning_seconds: define(
    'distribution',
    'seconds',
    'Time until a load balancer has its address',
    'Over the services of type LoadBalancer that the workload creates, equally weighted: from the creation of the service to the write of its status.loadBalancer. None without such services.',
  ),
  autoscaler_rescales_total: define(
    'scalar',
    'count',
    'Rescales by autoscalers',
    'Scales that horizontal pod autoscalers wrote, over all services.',
  ),
  autoscaler_overload_seconds: define(
    'scalar',
    'seconds',
    'Time that autoscaled pods were overloaded',
    'Time for which the ready pods of an autoscaled service were used beyond the target and its tolerance, mean over those services.',
  ),
  first_packet_latency_seconds: define(
    'distribution',
    'seconds',
    'First packet of a connection',
    'Over new connections to services, of all nodes alike, with the rules at the end of the run: round trip of a UDP packet or TCP connect. Summed over positions of rules, endpoints, states of caches, nodes and delays, not sampled from events.',
  ),
  established_packet_seconds: define(
    'scalar',
    'seconds',
    'Packet of an established connection',
    'What kernels take for a round trip on an open connection to a service, mean over nodes and endpoints, without the wire.',
  ),
  node_connection_cpu_cores: define(
    'scalar',
    'cores',
    'Node CPU for connections',
    'CPU time per second that the new connections of a node and their requests ask for, mean over the nodes, with the rules at the end of the run.',
  ),
  node_proxy_mode_cpu_cores: define(
    'scalar',
    'cores',
    'Node CPU for service rules',
    'The part of the CPU for connections that the proxy mode adds to connection tracking alone.',
  ),
  node_connection_cpu_utilization: define(
    'scalar',
    'ratio',
    'Node cores used for connections',
    'CPU for connections divided by the cores of a node, at most all of them.',
  ),
  node_connections_per_second_max: define(
    'scalar',
    'eventsPerSecond',
    'Connections per second at most',
    'New connections, with their requests, that keep all cores of a node busy.',
  ),
  node_requests_per_second_max: define(
    'scalar',
    'eventsPerSecond',
    'Requests per second at most',
    'Requests on as many connections as keep all cores of a node busy.',
  ),
  node_connection_capacity_ratio: define(
    'scalar',
    'ratio',
    'Connection capacity against no services',
    'Connections per second at most, divided by those of the same node with the same proxy mode and no services.',
  ),
  node_conntrack_entries: define(
    'distribution',
    'count',
    'Connection tracking entries',
    'Entries in the table of a node, over nodes and times alike, in the steady state of its connections: Poisson, cut off at the limit of the table.',
  ),
  node_conntrack_max: define(
    'scalar',
    'count',
    'Connection tracking table size',
    "nf_conntrack_max of a node: as kube-proxy sets it, or else the kernel's own.",
  ),
  node_conntrack_utilization: define(
    'scalar',
    'ratio',
    'Connection tracking table use',
    '99th percentile of the entries divided by the size of the table.',
  ),
  node_conntrack_dropped_ratio: define(
    'scalar',
    'ratio',
    'Connections dropped by a full table',
    'New connections that find the table full of confirmed ones, as a share of all.',
  ),
  node_conntrack_memory_bytes: define(
    'scalar',
    'bytes',
    'Connection tracking memory',
    'Kernel memory of a node at the 99th percentile of the entries.',
  ),
  ...TRAFFIC_METRICS,
  watch_bytes_per_second: define('series', 'bytesPerSecond', 'Bytes to watchers', 'Over all API servers.'),
  watch_events_per_second: define('series', 'eventsPerSecond', 'Watch events', 'Over all API servers.'),
  endpoint_object_bytes_over_time: define(
    'series',
    'bytes',
    'Mean size of written endpoint objects',
    'Mean frame size of the watch events that are sent in each interval.',
  ),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** Statistics of a distribution, in the order in which reports show them. */
export const DISTRIBUTION_STATISTICS = ['mean', 'p50', 'p90', 'p99', 'max'] as const;

/** The stages of the true latency in the order in which a change passes them; their means add up to its mean. */
export const NPL_STAGES = [
  'stage_kubelet_seconds',
  'stage_batch_period_seconds',
  'stage_controller_queue_seconds',
  'stage_controller_backoff_seconds',
  'stage_client_throttle_seconds',
  'stage_flow_control_seconds',
  'stage_api_write_seconds',
  'stage_watch_fanout_seconds',
  'stage_proxy_wait_seconds',
  'stage_proxy_sync_seconds',
] as const satisfies readonly MetricName[];
export type NplStage = (typeof NPL_STAGES)[number];
