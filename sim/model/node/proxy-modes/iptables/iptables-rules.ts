/**
 * How many lines kube-proxy's iptables mode writes, and how many rules and chains the kernel then holds.
 *
 *   services with endpoints, endpoints, what changed --> counts of rules, lines, chains --> iptables-sync-cost.ts
 *
 * Layout of pkg/proxy/iptables/proxier.go (1.33) for ClusterIP services on a node whose proxy can tell pod traffic from other
 * traffic (a cluster CIDR is set). A service with n > 0 endpoints has in the nat table
 *
 *   KUBE-SERVICES  1       its address and port
 *   KUBE-SVC-x     1 + n   the masquerade mark for traffic from outside the pods; a jump to each endpoint
 *   KUBE-SEP-y     2n      for each endpoint: its own hairpin traffic; the DNAT
 *
 * and one without endpoints has nothing there, but a REJECT in the filter table. Every sync writes KUBE-SERVICES of all
 * services anew; a partial one (KEP-3453, "minimizeIPTablesRestore") writes the other chains of changed services only.
 *
 * Left out: node ports, external IPs, load balancers, source ranges, traffic policies, session affinity; services with several
 * ports (count each port as a service).
 */

/** KUBE-POSTROUTING: 3, KUBE-MARK-MASQ: 1, the jump from KUBE-SERVICES to KUBE-NODEPORTS: 1. */
const NAT_FIXED_RULES = 5;
/** KUBE-FORWARD: 2, and the drop of INVALID packets unless conntrack.tcpBeLiberal. */
const FILTER_FIXED_RULES = 3;
/** Chains that are there without any service, counted as in the tables to which iptables-sync-cost.ts is fitted. */
const NAT_FIXED_CHAINS = 20;
/** proxier.go: largeClusterEndpointsThreshold. */
const LARGE_CLUSTER_ENDPOINTS = 1000;

/** Lines of a service's own chains: what a partial sync writes for it, beside its line in KUBE-SERVICES. */
export const serviceChainRules = (endpoints: number): number => (endpoints === 0 ? 0 : 1 + 3 * endpoints);

/** Rules in the nat table, which are the lines of a full sync: `kubeproxy_sync_proxy_rules_iptables_total{table="nat"}`. */
export const natRules = (servicesWithEndpoints: number, endpoints: number): number =>
  NAT_FIXED_RULES + 2 * servicesWithEndpoints + 3 * endpoints;

/**
 * Lines that a partial sync writes to the nat table: `kubeproxy_sync_proxy_rules_iptables_last{table="nat"}`. `changedRules`
 * is the sum of `serviceChainRules` over the changed services; with none changed the fixed part is still written.
 */
export const natRulesOfPartialSync = (servicesWithEndpoints: number, changedRules: number): number =>
  NAT_FIXED_RULES + servicesWithEndpoints + changedRules;

/**
 * Rules in the filter table; every sync writes all of them. `localhostNodePorts` (IPv4 only, on by default): KUBE-FIREWALL
 * guards the loopback addresses, which 1.24 and 1.25 left to the kubelet.
 */
export const filterRules = (servicesWithoutEndpoints: number, localhostNodePorts: boolean): number =>
  FILTER_FIXED_RULES + (localhostNodePorts ? 1 : 0) + servicesWithoutEndpoints;

/** Chains in the nat table. */
export const natChains = (servicesWithEndpoints: number, endpoints: number): number =>
  NAT_FIXED_CHAINS + servicesWithEndpoints + endpoints;

/** Above 1000 endpoints kube-proxy leaves comments out of the rules of services and endpoints, and cleans up less often. */
export const isLargeCluster = (endpoints: number): boolean => endpoints > LARGE_CLUSTER_ENDPOINTS;

/**
 * Whether a sync lists the nat table (iptables-save) to find chains that no service has any more, and deletes those: every
 * sync in a small cluster, in a large one only when the last such cleanup is more than syncPeriod ago.
 */
export const cleansUpStaleChains = (endpoints: number, sinceCleanupNs: number, syncPeriodNs: number): boolean =>
  !isLargeCluster(endpoints) || sinceCleanupNs > syncPeriodNs;
