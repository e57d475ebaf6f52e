/** What `kube-headroom init` writes: a small scenario that runs as it is, with every setting, its default and its meaning. */

/** Settings that are commented out have the default that the comment shows, of Kubernetes 1.35. */
export const starterScenario = (): string => `# yaml-language-server: $schema=./scenario.schema.json
# A scenario for kube-headroom. Run it with: kube-headroom run FILE
# Editors complete and check the fields after: kube-headroom schema > scenario.schema.json
# Every line below that is commented out shows a default. Durations are written as "30s", "500ms" or "1h30m".
apiVersion: kube-headroom/v1
kind: Scenario
metadata:
  name: my-cluster # results are written to a directory of this name
  description: A rolling update of one large service.
  # question: Q1

# Picks every default that changed between versions: "1.20" to "1.36".
kubernetes: "1.35"

# Equal seeds give equal results.
# seed: 1

# The workload starts nothing new after this. Without it, the run ends when the workload is done and all is quiet.
# duration: 20m
# How long the run may go on after that, until the last change is on every node.
# drainLimit: 10m

# Repetitions with other random numbers: a number, or "{ min: 5, max: 40, precision: 5% }" to go on until the
# 95 % interval of every objective is that narrow.
# replications: 5

cluster:
  nodes: 1000
  # zones: 3
  # One-way latency from an API server to a node, drawn once for each node, uniform between min and max.
  # apiServerToNodeLatency: { min: 200us, max: 1ms }
  # How long a node takes to program rules, relative to the machine that the costs were measured on, ...
  # nodeSpeedFactor: 1
  # ... and how much that varies between nodes (coefficient of variation).
  # nodeSpeedVariation: 0.1
  # Cores of a node, by which its connection table is sized.
  # nodeCores: 4

controlPlane:
  apiServer:
    # replicas: 3
    # Egress of the network card of one API server, in bits per second, or "unlimited".
    # networkBandwidth: 10G
    # Cores of one API server for watches, or "unlimited".
    # cpuCores: unlimited
    # Whether a watch event is encoded once for all watchers, as since 1.17.
    # serializationCache: true
    # Events that the watch cache of endpoint objects remembers: a number, or "dynamic" as since about 1.20.
    # watchCacheSize: dynamic
    # Reads and writes at a time. API priority and fairness shares out their sum; without it, requests above are rejected.
    # maxRequestsInflight: 400
    # maxMutatingRequestsInflight: 200
    # enablePriorityAndFairness: true
    # Seats that a priority level may borrow, in percent of its own, or "unlimited" (0 before 1.26).
    # borrowingLimitPercent: unlimited
    # Seats of a request: object-size since 1.34, object-count since 1.22, one-seat before.
    # workEstimator: object-size
    # A request waits for seats for a quarter of this.
    # requestTimeout: 60s
    # Largest body of a request, in bytes, or "unlimited".
    # maxRequestBodyBytes: 3Mi
    # How often the history in etcd is compacted.
    # etcdCompactionInterval: 5m
    # Where the node ports of services come from.
    # serviceNodePortRange: 30000-32767
  etcd:
    # Lognormal, as the client of the API server sees it.
    # writeLatency: { median: 3ms, p99: 15ms }
    # What the size of a write adds to that, in bits per second, or "unlimited".
    # writeBandwidth: 1G
    # Largest request, in bytes, or "unlimited".
    # maxRequestBytes: 1.5Mi
    # Size of the database after which etcd takes no write, in bytes, or "unlimited".
    # quotaBackendBytes: 2Gi
  # Flags of kube-controller-manager. Each controller has its own client with these limits.
  controllerManager:
    # kubeApiQps: 20
    # kubeApiBurst: 30
    # Workers of the Endpoints and of the EndpointSlice controller.
    # concurrentEndpointSyncs: 5
    # concurrentServiceEndpointSyncs: 5
    # How long each of them collects pod changes of a service.
    # endpointUpdatesBatchPeriod: 0s
    # endpointSliceUpdatesBatchPeriod: 0s
    # maxEndpointsPerSlice: 100
    # Addresses after which an Endpoints object is truncated, or "unlimited" as before 1.22.
    # maxEndpointsPerObject: 1000
    # How often nodes are looked at, and how long one may be silent before its pods are marked not ready (40s before 1.32).
    # nodeMonitorPeriod: 5s
    # nodeMonitorGracePeriod: 50s
    # Lost nodes per second and zone whose pods are evicted; and in a zone of more nodes than the threshold of which
    # such a share is lost.
    # nodeEvictionRate: 0.1
    # secondaryNodeEvictionRate: 0.01
    # unhealthyZoneThreshold: 0.55
    # largeClusterSizeThreshold: 50
    # Whether the Endpoints controller reads objects from its informer; false: a GET for each sync, as before 1.7.
    # endpointsFromInformer: true
    # What it does when it does not see its own last write yet: back-off, or conflict as before 1.31.
    # staleEndpointsCache: back-off
    # Informers hand out every object again after 1 to 2 times this.
    # minResyncPeriod: 12h
    # Services in the Endpoints controller once had a fixed period of their own. Default: that of the informers.
    # fullServiceResyncPeriod: null
    # When another controller manager takes over from one that is gone.
    # leaderElectLeaseDuration: 15s
    # leaderElectRenewDeadline: 10s
    # leaderElectRetryPeriod: 2s
    # Workers of the controllers that make and remove pods.
    # concurrentDeploymentSyncs: 5
    # concurrentReplicaSetSyncs: 5
    # concurrentStatefulSetSyncs: 5
    # Whether a StatefulSet may update several pods at a time (feature gate, on since 1.35).
    # maxUnavailableStatefulSet: true
    # The mirroring controller: EndpointSlices for services without selector, whose Endpoints are written by hand.
    # mirroringConcurrentServiceEndpointSyncs: 5
    # mirroringMaxEndpointsPerSubset: 1000
    # Horizontal pod autoscalers.
    # concurrentHorizontalPodAutoscalerSyncs: 5
    # horizontalPodAutoscalerSyncPeriod: 15s
    # horizontalPodAutoscalerTolerance: 10%
    # horizontalPodAutoscalerDownscaleStabilization: 5m
    # horizontalPodAutoscalerCpuInitializationPeriod: 5m
    # horizontalPodAutoscalerInitialReadinessDelay: 30s
  # Where autoscalers read CPU usage, and how old it may be.
  metricsServer:
    # metricResolution: 15s
  # The client that binds pods to nodes.
  scheduler:
    # kubeApiQps: 50
    # kubeApiBurst: 100
  # The service controller makes load balancers, so many at a time; since 1.27 nodes that are not ready stay in their pools.
  cloudControllerManager:
    # concurrentServiceSyncs: 1
    # stableLoadBalancerNodeSet: true

# Every kubelet: its API client (5 and 10 before 1.27), heartbeats, probes.
kubelet:
  # kubeApiQps: 50
  # kubeApiBurst: 100
  # nodeLeaseDurationSeconds: 40
  # nodeStatusUpdateFrequency: 10s
  # nodeStatusReportFrequency: 5m
  # Whether a container is probed as soon as it is seen to run (since 1.24).
  # immediateReadinessProbe: true

kubeProxy:
  # iptables, nftables (since 1.31), ipvs (deprecated since 1.35) or userspace (up to 1.25).
  # mode: iptables
  # The API that kube-proxy reads: EndpointSlice or Endpoints.
  # discovery: EndpointSlice
  # Shortest time between two syncs (in ipvs mode 0s up to 1.32), and time after which a failed one is retried.
  # minSyncPeriod: 1s
  # syncPeriod: 30s
  # What spaces syncs: min-interval since 1.34, token-bucket before.
  # syncRunner: min-interval
  # Whether a sync of the iptables mode writes only what changed (KEP-3453, since 1.27).
  # minimizeIPTablesRestore: true
  # Whether such a sync makes sure of chains and jumps by a command for each (up to 1.26).
  # partialSyncEnsuresChains: false
  # What iptables commands speak to, as the node's distribution has it: legacy tables, or nft.
  # iptablesBackend: legacy
  # The rules of the iptables mode: v1.24 up to 1.25, v1.33 since.
  # iptablesRuleLayout: v1.33
  # How IPVS chooses an endpoint: rr, wrr, lc, wlc, sed, nq, lblc, lblcr, sh, dh or mh.
  # ipvs: { scheduler: rr }
  # The feature gate of the nftables mode (on since 1.31); whether its syncs write only what changed (since 1.32), and what they
  # list first (none, chains, chains and sets); whether chains of endpoints stay over a restart (since 1.33), and whether a
  # service with one endpoint does without a map (from 1.37 on); Linux of the nodes: "6.8" for 6.1 to 6.8, "6.12" for later ones.
  # nftablesProxyMode: true
  # nftables:
  #   partialSync: true
  #   listings: none
  #   keepEndpointChainsOnStart: true
  #   singleEndpointGoto: false
  #   nodeKernel: "6.12"
  # Whether all packets to cluster IPs have their source replaced.
  # masqueradeAll: false
  # How packets of a node's own pods are told: ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix or none.
  # detectLocalMode: ClusterCIDR
  # Whether node ports answer on 127.0.0.1 (iptables mode only), and on all addresses of a node or the primary one (as in
  # nftables mode).
  # localhostNodePorts: true
  # nodePortAddresses: all
  # Feature gates: endpoints that terminate serve where none is ready (since 1.26); hints of zones (since 1.24) and of nodes
  # (since 1.34) count.
  # terminatingEndpoints: true
  # topologyHints: true
  # preferSameTrafficDistribution: true
  # The kernel's connection table. A time of 0s is the kernel's own.
  conntrack:
    # maxPerCore: 32768
    # min: 131072
    # tcpBeLiberal: false
    # tcpEstablishedTimeout: 24h
    # tcpCloseWaitTimeout: 1h
    # udpTimeout: 0s
    # udpStreamTimeout: 0s
  # A watch ends by itself between this and twice as much after its start, or "unlimited": not within the run.
  # minWatchTimeout: unlimited
  # Whether a list is streamed by the watch that follows it, as since 1.35.
  # watchListClient: true

# Lognormal times: from binding to running containers, and from SIGTERM to their end.
pods:
  # startup: { median: 2s, p99: 4s }
  # shutdown: { median: 1s, p99: 10s }
  # Of all services that do not say otherwise. The hook comes before SIGTERM, within the grace period.
  # terminationGracePeriodSeconds: 30
  # preStop: { sleep: 0s }

# How large objects are on the wire.
wire:
  # protobuf or json
  # format: protobuf
  # Bytes of each name; they make most of the size of an endpoint.
  # nameLengths: { namespace: 12, service: 12, pod: 29, node: 27, zone: 10, ip: 13, ipv6: 38 }
  # A constant size per endpoint, as published estimates assume, instead of one counted field by field; ...
  # bytesPerEndpoint: 100
  # ... then, no object is smaller than this.
  # minObjectBytes: 0

# Groups of equal services. Pods are spread over the nodes and ready at the start.
services:
  - { name: small, count: 500, endpoints: 5 }
  - name: big
    endpoints: 500
    # count: 1
    # Whether the service selects pods; otherwise somebody writes its endpoints by hand.
    # selector: true
    # ClusterIP, NodePort, LoadBalancer, Headless (clusterIP: None) or ExternalName; TCP, UDP or SCTP.
    # type: ClusterIP
    # ports: 1
    # protocol: TCP
    # Or Local: only endpoints on the node of the client, and on the node that traffic from outside reaches.
    # internalTrafficPolicy: Cluster
    # externalTrafficPolicy: Cluster
    # Or ClientIP: a client stays with its endpoint.
    # sessionAffinity: None
    # How many addresses and ranges there are. A LoadBalancer has 1 address (of ipMode VIP), no range, and a node port.
    # externalIPs: 0
    # loadBalancerIPs: 0
    # loadBalancerSourceRanges: 0
    # allocateLoadBalancerNodePorts: true
    # Whether people choose node ports, without knowing of each other.
    # manualNodePorts: false
    # Ready from the address on until the pod is gone.
    # publishNotReadyAddresses: false
    # One family, or both: [IPv4, IPv6] makes two sets of slices.
    # ipFamilies: [IPv4]
    # On which nodes pods are put: even, random, antiAffinity (fewest of the service by node), topologySpread (by zone, then node).
    # placement: even
    # Where clients look first, e.g. "trafficDistribution: PreferSameZone": PreferClose from 1.31 on, PreferSameZone
    # and PreferSameNode from 1.34 on. Not set by default.
    # Topology Aware Hints (service.kubernetes.io/topology-mode), or "Auto" to have them.
    # topologyMode: Disabled
    # Without a readiness probe a pod is ready as soon as its containers are seen to run. One with all its defaults is
    # "readinessProbe: { initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 }"
    # What runs in the pods. Nothing bounds what they answer, unless e.g.
    # "application: { concurrency: 8, serviceTime: { mean: 20ms, variation: 1 }, queueLimit: unlimited, acceptsAfterSigterm: false }"
  # - { name: db, endpoints: 9, controller: StatefulSet, podManagementPolicy: OrderedReady } # or Parallel

# What stands in front of services of type LoadBalancer. The provider (gce, aws-nlb, aws-clb, azure, generic, metallb-layer2,
# metallb-bgp) picks the other defaults, by externalTrafficPolicy; these are those of gce. A service may differ:
# "loadBalancer: { provider: azure }".
# loadBalancer:
#   provider: gce
#   targetType: instance # nodes; or ip: the pods themselves
#   healthCheck: { protocol: HTTP, interval: 8s, timeout: 1s, healthyThreshold: 1, unhealthyThreshold: 3 } # or TCP: the node port
#   whenNoneHealthy: all # it fails open; or none
#   deregistrationDelay: 30s # for connections to targets that leave the pool
#   flowHash: 5-tuple # or 3-tuple, 2-tuple, round-robin
#   weightByEndpoints: false # under externalTrafficPolicy Local
#   idleTimeout: 10m # or unlimited
#   provisioning: { median: 60s, p99: 180s } # of load balancers for services that the workload creates
#   provisioningFailureShare: 0%
#   targetUpdate: 5s # until the data path follows a change of the pool
# Of MetalLB: "loadBalancer: { provider: metallb-bgp, metallb: { ... } }" with these fields.
#   addressPool: { addresses: [10.192.0.0/12] } # or first and last: 172.18.255.200-172.18.255.250
#   layer2: { arpCache: 30s, ignoringShare: 0%, announcementLoss: 0% } # clients and their network
#   bgp: { holdTime: 90s, keepaliveTime: 30s, connectTime: 10s, nextHopSelection: modulo } # or hash-threshold, resilient
#   and bgp.bfdProfile: { receiveInterval: 300ms, detectMultiplier: 3 }

# The load on services, and autoscalers that follow it; the run then needs a duration. Their behavior is as in autoscaling/v2.
# autoscalers:
#   - service: big
#     minReplicas: 1
#     maxReplicas: 2000
#     targetUtilization: 50%
#     behavior:
#       scaleUp: { selectPolicy: Max, policies: [{ type: Pods, value: 10, periodSeconds: 60 }] }
#       scaleDown: { stabilizationWindowSeconds: 300 }
#     load: [{ at: 1m, utilization: 100% }] # demand, in percent of what the pods at the start request

# Who sends requests to the services. With clients a run also says what is lost and why, and how evenly pods are loaded.
# clients:
#   - service: big
#     name: checkout # default: that of the service
#     from: pods # or nodes, outside
#     address: ClusterIP # or NodePort, LoadBalancerIP, ExternalIP; from outside what the service has
#     detail: share # rates; or connection or request: an event for each of them
#     requestsPerSecond: 10000 # to each service, whether or not they are answered
#     # Users who wait for their answers instead: closedLoop: { users: 100, thinkTime: 1s } with "detail: request"
#     # Connections of many requests: keepAlive: { connections: 500, meanLifetime: 10m } # or unlimited
#     sourceAddresses: 1000 # what session affinity and source hashing see
#     zoneShares: [50%, 30%, 20%] # default: as many on every node
#     dnsCacheTtl: 30s # of a headless service: how long names are remembered

# Connections that every node sees. With this section (which may be empty: {}) a run also says what they wait for, what they cost,
# and how many entries they leave in the connection tracking table. The defaults are shown.
# nodeTraffic:
#   newConnectionsPerSecond: 500
#   protocol: TCP # or UDP
#   requestsPerConnection: 1
#   connectionLifetime: { median: 100ms, p99: 1s }
#   unclosedShare: 0% # they stay in the table for kubeProxy.conntrack.tcpEstablishedTimeout
#   halfClosedShare: 0% # and these for tcpCloseWaitTimeout
#   shareToServices: 50% # others are compared with all rules
#   address: ClusterIP # or NodePort, LoadBalancerIP, ExternalIP
#   remoteEndpointShare: 100%
#   knownClientShare: 90% # of services with sessionAffinity
#   cacheColdShare: 50% # find the rules evicted from the processor's caches
#   cpuPerConnection: 92.08us
#   cpuPerRequest: 34.65us
#   roundTripDelay: { median: 4.842us, p99: 27.842us }

# What changes: a time and one action for each entry.
workload:
  - at: 10s
    rollingUpdate: { service: big, maxSurge: 25%, maxUnavailable: 25% } # strategy: RollingUpdate, minReadySeconds: 0
  # - { at: 1m, rollingUpdate: { service: db, maxUnavailable: 1, partition: 0 } } # of a StatefulSet
  # - { at: 1m, churn: { podsPerSecond: 20, for: 5m, arrivals: poisson, services: [small] } }
  # - { at: 1m, scale: { service: big, to: 600 } }
  # - { at: 1m, replaceEach: { service: big, interval: 100ms } }
  # - { at: 1m, podChange: { service: big, change: notReady, failure: timeout } } # or ready, replace, leave, join
  # - { at: 1m, loseNodes: { zone: 0, for: 10m } } # without "for", they do not come back
  # - { at: 1m, restartNodes: { nodes: 10, for: 30s } }
  # - { at: 1m, editEndpoints: { service: database, to: 20, replace: 2 } } # of a service with selector: false
  # - { at: 1m, createService: { service: big } } # until then, it is absent
  # - { at: 1m, restartApiServer: { server: 0, for: 10s } } # the watches of its nodes break
  # - { at: 1m, slowWatchers: { nodes: 1%, for: 30s } } # nodes that do not read
  # - { at: 1m, restartKubeProxy: { nodes: 10%, for: 2s } } # or a zone; rules stay, and the first sync is full
  # - { at: 1m, failSyncs: { nodes: 5, for: 30s } } # each is retried after the syncPeriod
  # - { at: 1m, failOverControllerManager: {} } # it crashes, and another takes over
  # - { at: 1m, slowEtcd: { factor: 10, for: 30s } } # writes take ten times as long

# Limits that every variant must keep. The run fails when one does not.
slos:
  - { metric: network_programming_duration_seconds, statistic: p99, max: 30s }

# Published values that the scenario must reproduce.
# expect:
#   - { id: my-measurement, variant: baseline, metric: watch_bytes_total, statistic: value,
#       value: 2G, bound: atLeast, tolerance: 5%, source: "where it is published", inconsistent: "why it cannot be judged" }

# What the scenario as it stands is called in comparisons.
baseline:
  # name: baseline

# The same with some settings changed: paths with dots, list entries by name or as [0].
variants:
  - name: min-sync-period-10s
    set: { kubeProxy.minSyncPeriod: 10s }
`;
