/**
 * One replication: the scenario's cluster, wired together and run.
 *
 *   Scenario, replication --> World: workload --> pods, kubelets --> endpoint controller --> watch fan-out --> kube-proxies
 *                                                    Recorder <---------------------------------------------|
 *
 * A pure function of (scenario, replication): the scenario holds the seed.
 */

import type { MetricName } from '../metrics.js';
import { RandomStreams } from '../kernel/random.js';
import { Simulation } from '../kernel/simulation.js';
import { checkConservation } from './conservation.js';
import { createDiscovery, handWrittenSize, plainSize } from './create-discovery.js';
import { NodesAndPods } from './nodes-and-pods.js';
import type { Scenario } from './scenario.js';
import { createSelectorlessServices, type SelectorlessServices } from './selectorless-services.js';
import { FaultRecovery } from './fault-recovery.js';
import { createNodes, type NodeTable } from './cluster/nodes.js';
import { PodTable } from './cluster/pods.js';
import { ServiceTable } from './cluster/services.js';
import { ApiServers } from './controlplane/api-servers.js';
import { ControllerManager } from './controlplane/controller-manager.js';
import type { Discovery } from './controlplane/discovery.js';
import { EndpointController, type CommittedWrite } from './controlplane/endpoint-controller.js';
import { Etcd } from './controlplane/etcd.js';
import { InformerResync } from './controlplane/informer-resync.js';
import { EndpointListSize } from './controlplane/list-size.js';
import { NodeInformer } from './controlplane/node-informer.js';
import { DYNAMIC_RING, fixedRing } from './controlplane/watch-cache.js';
import { WatchConnections } from './controlplane/watch-connections.js';
import { EtcdStore } from './controlplane/etcd-store.js';
import { type RequestPath, requestPathWarnings } from './controlplane/request-path.js';
import { NO_TRIGGER, WatchFanOut } from './controlplane/watch-fan-out.js';
import { IptablesMode } from './node/iptables-mode.js';
import { KubeProxies } from './node/kube-proxies.js';
import { MinIntervalRunner, TokenBucketRunner, type SyncRunner } from './node/sync-runner.js';
import { Recorder, type WatchOutcome } from './recorder.js';
import { API_SERVER_COSTS, CONTROLLER_MANAGER_COSTS, ENDPOINT_CONTROLLER_COSTS } from './versions/costs.js';
import { STORED_OBJECT_BYTES } from './versions/etcd-costs.js';
import { ENDPOINT_CONTROLLER_RULES, KUBE_PROXY_RULES } from './versions/rules.js';
import { WATCH_STREAM_RULES } from './versions/watch-rules.js';
import { frameCpuNs, listCpuNs } from './watch-traffic.js';
import { servicesToBeCreated, WorkloadActions } from './workload/actions.js';
import type { Deployments } from './workload/deployments.js';
import { Autoscalers } from './workload/horizontal-pod-autoscaler/autoscalers.js';
import { heldUpServices, heldUpWarnings } from './workload/held-up-stateful-sets.js';
import { PodLabels } from './workload/pod-labels.js';
import type { PodLifecycle } from './workload/pod-lifecycle.js';
import type { ReplicaSets } from './workload/replica-sets.js';
import type { StatefulSets } from './workload/stateful-sets.js';
import { createWorkloadControllers, type WorkloadControllers } from './workload/workload-controllers.js';

const NS_PER_SECOND = 1e9;
/** Pod Ready transitions and creation timestamps are written with a resolution of one second, rounded down. */
const TIMESTAMP_RESOLUTION_NS = NS_PER_SECOND;

/** Controllers that write endpoint objects, by the names of their clients. */
const CONTROLLER_NAMES = {
  endpoints: 'endpoint-controller',
  endpointSlice: 'endpointslice-controller',
  endpointSliceMirroring: 'endpointslicemirroring-controller',
} as const;

const ns = (seconds: number): number => Math.round(seconds * NS_PER_SECOND);

export class World {
  readonly recorder = new Recorder();
  readonly simulation: Simulation;
  readonly log: WatchFanOut;
  readonly kubeProxies: KubeProxies;
  readonly watchConnections: WatchConnections;
  readonly warnings: string[] = [];

  readonly #scenario: Scenario;
  readonly #apiServers: ApiServers;
  readonly #requestPath: RequestPath;
  readonly #nodes: NodeTable;
  readonly #services: ServiceTable;
  readonly #pods: PodTable;
  readonly #replicaSets: ReplicaSets;
  readonly #lifecycle: PodLifecycle;
  readonly nodesAndPods: NodesAndPods;
  readonly #deployments: Deployments;
  readonly #statefulSets: StatefulSets;
  readonly #workload: WorkloadActions;
  readonly #controller: EndpointController;
  readonly #resync: InformerResync;
  /** The process that the controllers live in. */
  readonly controllerManager: ControllerManager;
  readonly #discovery: Discovery;
  /** Services without selector; null when there are none. */
  readonly #selectorless: SelectorlessServices | null;
  readonly #autoscalers: Autoscalers | null;
  readonly #listSize: EndpointListSize;
  readonly #faultRecovery: FaultRecovery;
  readonly #watchLatencyNs = ns(API_SERVER_COSTS.watchLatencyToControllers.value);
  readonly #streams: RandomStreams;
  /** Services whose creation the workload waits for. */
  readonly #absentServices: Set<number>;
  /** How far the wall clock was into a second when the run began: scripted actions fall on no particular part of one. */
  readonly #clockPhaseNs: number;
  #droppedKeys = 0;
  #committedWrites = 0;

  constructor(scenario: Scenario, replication: number) {
    const { cluster, controlPlane } = scenario;
    this.#scenario = scenario;
    const streams = new RandomStreams(scenario.seed, replication);
    this.#streams = streams;
    const simulation = new Simulation({
      context: `scenario "${scenario.name}", seed ${scenario.seed}, replication ${replication}`,
      fingerprint: true,
    });
    this.simulation = simulation;
    this.#nodes = createNodes(cluster, streams);
    this.#services = new ServiceTable(scenario.services);
    this.#pods = new PodTable(cluster.nodes, this.#services.count);
    this.#clockPhaseNs = Math.floor(streams.hash('clock-phase').uniform(0, 0) * TIMESTAMP_RESOLUTION_NS);
    this.#requestPath = this.#createRequestPath();
    this.#apiServers = this.#requestPath.apiServers;
    const etcd = new Etcd({ ...controlPlane.etcd, maxRequestBytes: largestRequest(controlPlane) }, streams);
    this.nodesAndPods = new NodesAndPods({
      simulation,
      scenario,
      nodes: this.#nodes,
      services: this.#services,
      pods: this.#pods,
      apiServers: this.#apiServers,
      etcd,
      streams,
      watchLatencyNs: this.#watchLatencyNs,
      connections: {
        onNodeLost: (node) => this.watchConnections.onNodeLost(node),
        onNodeReturned: (node, isRestarted) => this.watchConnections.onNodeReturned(node, isRestarted),
      },
      onReadinessChanged: this.#createNodeInformer(),
    });
    this.#lifecycle = this.nodesAndPods.lifecycle;
    this.#discovery = createDiscovery(scenario, this.#pods, this.#services, this.#nodes, (node) =>
      this.nodesAndPods.nodeLifecycle.isReady(node),
    );
    this.#listSize = this.#createListSize();
    this.log = new WatchFanOut(this.#services.count, {
      apiServers: controlPlane.apiServer.replicas,
      watchers: cluster.nodes,
      watchCacheLatencyNs: ns(API_SERVER_COSTS.watchCacheLatency.value),
      dispatchPerWatcherNs: ns(API_SERVER_COSTS.dispatchPerWatcher.value),
      networkBandwidthBitsPerSecond: controlPlane.apiServer.networkBandwidthBitsPerSecond,
      ...this.#cpuLimit(),
      latencyNs: this.#nodes.latencyNs,
    });
    this.#absentServices = servicesToBeCreated(scenario.workload, this.#services);
    this.#selectorless = this.#createSelectorless(etcd);
    this.#setWatchers();
    const isSlices = this.#discovery.kind === 'EndpointSlice';
    this.#controller = this.#createController(isSlices ? 'endpointSlice' : 'endpoints', this.#discovery, etcd);
    this.#resync = this.#createResync();
    this.controllerManager = this.#createControllerManager(etcd);
    // After the controller's: a listener of the workload must not see a pod before the controller has queued its service.
    this.#lifecycle.onObserved((service, observed, change, isSelected) => {
      if (isSelected && !this.#absentServices.has(service)) this.#controller.podsChanged(service, observed, change);
    });
    const controllers = createWorkloadControllers({
      simulation,
      scenario,
      services: this.#services,
      pods: this.#pods,
      placement: this.nodesAndPods.placement,
      lifecycle: this.#lifecycle,
      apiServers: this.#apiServers,
      etcd,
      streams,
    });
    this.#replicaSets = controllers.replicaSets;
    this.#deployments = controllers.deployments;
    this.#statefulSets = controllers.statefulSets;
    const nodeFaults = this.nodesAndPods.connectWorkload(this.#replicaSets, (service) =>
      this.#absentServices.has(service),
    );
    for (const controller of [...controllers.all, ...this.nodesAndPods.controllers]) {
      this.controllerManager.register(controller);
    }
    this.#populate(controllers);
    this.#autoscalers = this.#createAutoscalers(etcd);
    if (this.#autoscalers !== null) this.controllerManager.register(this.#autoscalers);
    this.kubeProxies = this.#createKubeProxies();
    this.watchConnections = this.#createWatchConnections();
    this.#faultRecovery = new FaultRecovery(simulation, this.log, this.kubeProxies, this.#controller);
    this.controllerManager.onTakenOver((downSinceNs) =>
      this.#faultRecovery.followWriters('controllerManagerFailOver', downSinceNs, simulation.nowNs),
    );
    this.#workload = new WorkloadActions(
      simulation,
      scenario.workload,
      {
        services: this.#services,
        replicaSets: this.#replicaSets,
        deployments: this.#deployments,
        nodeFaults,
        lifecycle: this.#lifecycle,
        labels: new PodLabels(
          simulation,
          this.#pods,
          this.#lifecycle,
          this.#apiServers.client('kubectl', 'global-default'),
          etcd,
        ),
        controller: this.#controller,
        controllerManager: this.controllerManager,
        handWritten: this.#selectorless?.writer ?? null,
        watches: {
          restart: (server, forNs) => this.#faultRecovery.followWatches(this.watchConnections.restart(server, forNs)),
          pause: (nodes, forNs, draw) =>
            this.#faultRecovery.followWatches(this.watchConnections.pause(nodes, forNs, draw)),
        },
        nodes: cluster.nodes,
        absentServices: this.#absentServices,
        serviceClient: this.#apiServers.client('kubectl', 'global-default'),
        slowEtcd: (factor, forNs) => {
          const { nowNs } = simulation;
          this.#requestPath.etcd.slowDown(factor, nowNs + forNs);
          this.#faultRecovery.followWriters('slowEtcd', nowNs, nowNs + forNs);
        },
        apiServers: this.#apiServers,
      },
      etcd,
      this.#watchLatencyNs,
      streams,
      scenario.durationNs ?? Infinity,
    );
  }

  /**
   * Runs until the workload is done and all is quiet, or the scenario's limits are reached. `onProgress` hears of the share of
   * the workload that is done and of the events so far.
   */
  run(onProgress?: (share: number, events: number) => void): void {
    const { durationNs, drainLimitNs } = this.#scenario;
    const limitNs = durationNs === null ? Infinity : durationNs + drainLimitNs;
    const { simulation } = this;
    // In slices of simulated time, so that progress can be shown without an event of its own.
    while (!this.#isQuiet && simulation.nowNs < limitNs) {
      const untilNs = Math.min(limitNs, simulation.nowNs + NS_PER_SECOND);
      // Once the workload is done, resyncs could only keep alive what will never succeed.
      simulation.run(this.#workload.progress < 1 ? this.#resync.arm(untilNs) : untilNs);
      onProgress?.(this.#progress(durationNs), simulation.eventsFired);
    }
    this.kubeProxies.end(this.endNs);
    this.#endAutoscalers();
    this.recorder.end(this.log, this.watchConnections);
    this.#apiServers.end(this.endNs);
    const heldUp = heldUpServices(this.nodesAndPods.servicesOnLostNodes(), this.#statefulSets);
    this.#warn();
    this.warnings.push(...heldUpWarnings(heldUp, this.#services, this.#replicaSets));
    if (!this.#isQuiet) return;
    const hadSpace = this.#requestPath.etcd.refused === 0;
    checkConservation({
      log: this.log,
      kubeProxies: this.kubeProxies,
      watchConnections: this.watchConnections,
      recorders: this.recorder.proxies,
      bytesInSeries: this.recorder.bytesInSeries,
      committedWrites: this.#committedWrites,
      pods: this.#pods,
      services: this.#services.count,
      replicaSets: this.#replicaSets,
      discoveryOf: (service) => this.#discoveryOf(service),
      settingsOf: (service) => this.#services.endpointSettings(service),
      absentServices: this.#absentServices,
      isPublished: this.recorder.rejected === 0 && this.#droppedKeys === 0 && hadSpace,
      isComplete: this.#scenario.durationNs === null && this.#deployments.unfinished().length === 0 && hadSpace,
      isNodeUp: (node) => this.nodesAndPods.isNodeUp(node),
      heldUpServices: heldUp,
    });
  }

  /** What the recorder needs to know of the watches. */
  get watchOutcome(): WatchOutcome {
    return {
      connections: this.watchConnections,
      apiServer: this.#scenario.controlPlane.apiServer,
      recoveries: this.#faultRecovery.recoveries(),
    };
  }

  /** Whether nothing is left to happen but watches that time out. */
  get #isQuiet(): boolean {
    return this.simulation.pending <= this.watchConnections.backgroundEvents;
  }

  /** When the run ended: after the last event, the last sync and the scenario's duration. */
  get endNs(): number {
    return Math.max(this.simulation.nowNs, this.kubeProxies.lastAppliedNs, this.#scenario.durationNs ?? 0);
  }

  /** What the EndpointSlice controller exports of its slices; nothing of Endpoints. */
  get sliceGauges(): Partial<Record<MetricName, number>> {
    const gauges = this.#discovery.gauges();
    return gauges === null
      ? {}
      : {
          endpoint_slice_controller_endpoints_desired: gauges.endpoints,
          endpoint_slice_controller_num_endpoint_slices: gauges.actualSlices,
          endpoint_slice_controller_desired_endpoint_slices: gauges.desiredSlices,
        };
  }

  /** Nodes came, went or changed readiness: the endpoint controller looks at them, and at the services that this concerns. */
  nodesChanged(): void {
    for (const service of this.#discovery.nodesChanged()) this.#controller.serviceAffected(service);
  }

  /** When the workload began: with its first action or the first change of load. */
  get startNs(): number {
    const { workload, autoscalers } = this.#scenario;
    const beginsNs = [...workload, ...autoscalers.flatMap(({ load }) => load)].map(({ atNs }) => atNs);
    return beginsNs.length === 0 ? 0 : Math.min(...beginsNs);
  }

  /** Share of the workload that is done; an autoscaler is at work until the end. */
  #progress(durationNs: number | null): number {
    const ofRun = this.simulation.nowNs / (durationNs ?? Infinity);
    return this.#autoscalers === null ? this.#workload.progress : Math.min(1, ofRun);
  }

  #discoveryOf(service: number): Discovery {
    return this.#services.hasSelector(service) ? this.#discovery : this.#selectorless!.discovery;
  }

  /** How much of each limit was used; sim/limits.ts says what each limit is. */
  utilizations(): Partial<Record<MetricName, number>> {
    return {
      deployment_controller_client_utilization: this.#deployments.clientUtilization,
      replicaset_controller_client_utilization: this.#replicaSets.clientUtilization,
      statefulset_controller_client_utilization: this.#statefulSets.clientUtilization,
      endpoint_controller_client_utilization: this.#controller.clientUtilization,
      endpoint_controller_worker_utilization: this.#controller.workerUtilization(this.endNs),
    };
  }

  #createRequestPath(): RequestPath {
    const { cluster, controlPlane, services } = this.#scenario;
    const pods = services.reduce((sum, { count, endpoints }) => sum + count * endpoints, 0);
    const bytes = STORED_OBJECT_BYTES;
    const etcd = new EtcdStore({
      ...controlPlane.etcd,
      compactionIntervalNs: controlPlane.apiServer.etcdCompactionIntervalNs,
      initialBytes:
        cluster.nodes * (bytes.nodes.value + bytes.leases.value) +
        this.#services.count * (bytes.services.value + bytes.endpoints.value + bytes.endpointslices.value) +
        pods * bytes.pods.value,
    });
    const apiServers = new ApiServers(this.simulation, {
      replicas: controlPlane.apiServer.replicas,
      flowControl: controlPlane.apiServer,
      etcd,
      streams: this.#streams,
      measureFromNs: this.startNs,
    });
    const requestPath = { apiServers, etcd };
    this.recorder.observe(requestPath);
    return requestPath;
  }

  /** Every node's kube-proxy watches services and endpoints; other watchers are too few to make a write dearer. */
  #setWatchers(): void {
    const { watchers } = this.log.routes;
    this.#apiServers.setWatchers('services', watchers);
    this.#apiServers.setWatchers(this.#discovery.kind === 'EndpointSlice' ? 'endpointslices' : 'endpoints', watchers);
  }

  #createListSize(): EndpointListSize {
    const { maxEndpointsPerSlice } = this.#scenario.controlPlane.controllerManager;
    const isSlices = this.#discovery.kind === 'EndpointSlice';
    return new EndpointListSize(
      this.#services.count,
      plainSize(this.#scenario.wire, this.#discovery.kind),
      isSlices ? maxEndpointsPerSlice : Infinity,
    );
  }

  /** What a frame takes at least on an API server with so many cores. */
  #cpuLimit(): { frameCpuNs?: { perFrame: number; perByte: number } } {
    const { cpuCores, serializationCache } = this.#scenario.controlPlane.apiServer;
    if (cpuCores === null) return {};
    const { perFrame, perByte } = frameCpuNs(serializationCache);
    return { frameCpuNs: { perFrame: perFrame / cpuCores, perByte: perByte / cpuCores } };
  }

  #createWatchConnections(): WatchConnections {
    const { controlPlane, kubeProxy } = this.#scenario;
    const { watchCacheSize, cpuCores } = controlPlane.apiServer;
    return new WatchConnections(
      this.simulation,
      this.log,
      {
        ring: watchCacheSize === null ? DYNAMIC_RING : fixedRing(watchCacheSize),
        minWatchTimeoutNs: kubeProxy.minWatchTimeoutNs,
        streamsLists: kubeProxy.watchListClient,
        streamWindowBytes: WATCH_STREAM_RULES.streamWindow.value,
        cpuCores,
        listCpuNs,
        decodePerByteNs: API_SERVER_COSTS.decodePerByte.value * NS_PER_SECOND,
        latencyNs: this.#nodes.latencyNs,
      },
      () => this.#listSize,
      this.kubeProxies,
      this.#streams,
      this.#apiServers.client('kube-proxy', 'workload-high'),
    );
  }

  /** Who is told that the readiness of a node has changed: nobody, where no service has hints that depend on it. */
  #createNodeInformer(): () => void {
    if (this.#services.groups.every(({ topologyMode }) => topologyMode !== 'Auto')) return () => {};
    const informer = new NodeInformer(this.simulation, this.#watchLatencyNs, () => this.nodesChanged());
    return () => informer.onCommitted();
  }

  #createSelectorless(etcd: Etcd): SelectorlessServices | null {
    if (this.#scenario.services.every(({ selector }) => selector)) return null;
    return createSelectorlessServices(this.#scenario, {
      simulation: this.simulation,
      services: this.#services.count,
      pods: this.#pods,
      apiServers: this.#apiServers,
      etcd,
      watchLatencyNs: this.#watchLatencyNs,
      endpointsSize: handWrittenSize(this.#scenario.wire, 'Endpoints'),
      sliceSize: handWrittenSize(this.#scenario.wire, 'EndpointSlice'),
      mirroringController: (discovery) => this.#createController('endpointSliceMirroring', discovery, etcd),
      onCommit: (committed) => this.#onCommit(committed),
      onRejected: () => this.recorder.onRejected(),
    });
  }

  #createAutoscalers(etcd: Etcd): Autoscalers | null {
    const { autoscalers, controlPlane, durationNs } = this.#scenario;
    if (autoscalers.length === 0) return null;
    const created = new Autoscalers(
      this.simulation,
      autoscalers,
      this.#services,
      this.#pods,
      {
        desired: (service) => this.#replicaSets.desired(service),
        replicas: (service) => this.#replicaSets.replicas(service),
        scale: (service, replicas) => this.#deployments.scale(service, replicas),
      },
      this.#apiServers.client('horizontal-pod-autoscaler', 'workload-high'),
      etcd,
      {
        controllerManager: controlPlane.controllerManager,
        metricResolutionNs: controlPlane.metricsServer.metricResolutionNs,
        getLatencyNs: ns(API_SERVER_COSTS.getLatency.value),
        endNs: durationNs ?? Infinity,
      },
      this.#streams,
    );
    this.#lifecycle.onObserved((service, pods, change) =>
      created.loads.observe(service, pods, change, this.simulation.nowNs),
    );
    return created;
  }

  #endAutoscalers(): void {
    if (this.#autoscalers === null) return;
    this.#autoscalers.end(this.endNs);
    this.recorder.onAutoscaled(this.#autoscalers.rescales, this.#autoscalers.loads.meanOverloadedNs);
  }

  #createController(kind: keyof typeof CONTROLLER_NAMES, discovery: Discovery, etcd: Etcd): EndpointController {
    const { controllerManager } = this.#scenario.controlPlane;
    const rules = ENDPOINT_CONTROLLER_RULES[kind];
    const workers = {
      endpoints: controllerManager.concurrentEndpointSyncs,
      endpointSlice: controllerManager.concurrentServiceEndpointSyncs,
      endpointSliceMirroring: controllerManager.mirroringConcurrentServiceEndpointSyncs,
    };
    const batchPeriodNs = {
      endpoints: controllerManager.endpointUpdatesBatchPeriodNs,
      endpointSlice: controllerManager.endpointSliceUpdatesBatchPeriodNs,
      // The period of this controller is for changes of slices by others; those of Endpoints are queued at once.
      endpointSliceMirroring: 0,
    };
    return new EndpointController(
      this.simulation,
      this.#services.count,
      this.#pods,
      discovery,
      this.#apiServers.client(CONTROLLER_NAMES[kind], 'workload-high'),
      etcd,
      {
        kubeApiQps: controllerManager.kubeApiQps,
        kubeApiBurst: controllerManager.kubeApiBurst,
        workers: workers[kind],
        batchPeriodNs: batchPeriodNs[kind],
        retryBaseNs: ns(rules.retryBase.value),
        retryMaxNs: ns(rules.retryMax.value),
        maxRetries: ENDPOINT_CONTROLLER_RULES.maxRetries.value,
        staleCache:
          kind !== 'endpoints'
            ? 'checkedFirst'
            : controllerManager.staleEndpointsCache === 'conflict'
              ? 'conflict'
              : 'checkedLate',
        getLatencyNs:
          kind !== 'endpoints' || controllerManager.endpointsFromInformer
            ? null
            : ns(API_SERVER_COSTS.getLatency.value),
        retryQps: ENDPOINT_CONTROLLER_RULES.retryQps.value,
        retryBurst: ENDPOINT_CONTROLLER_RULES.retryBurst.value,
        informerLatencyNs: this.#watchLatencyNs,
        measureFromNs: this.startNs,
        syncBaseNs: ns(ENDPOINT_CONTROLLER_COSTS.syncBase.value),
        syncPerEndpointNs: ENDPOINT_CONTROLLER_COSTS.syncPerEndpoint.value * NS_PER_SECOND,
      },
      {
        onCommit: (committed) => this.#onCommit(committed),
        onUnchanged: () => this.recorder.onUnchanged(),
        onRejected: () => this.recorder.onRejected(),
        onConflict: () => this.recorder.onConflict(),
        onStaleSync: () => this.recorder.onStaleSync(),
        onDropped: () => this.#droppedKeys++,
      },
      // Each service is the business of one controller: that of its pods, or that of its hand-written Endpoints.
      {
        has: (service) =>
          this.#absentServices.has(service) ||
          this.#services.hasSelector(service) === (kind === 'endpointSliceMirroring'),
      },
    );
  }

  /** What the resync of services does in the endpoint controller; the other controllers' objects have nothing to correct. */
  #createResync(): InformerResync {
    const { controlPlane, durationNs } = this.#scenario;
    const { minResyncPeriodNs, fullServiceResyncPeriodNs } = controlPlane.controllerManager;
    return new InformerResync(
      this.simulation,
      {
        minResyncPeriodNs,
        handlerPeriodNs: this.#discovery.kind === 'Endpoints' ? fullServiceResyncPeriodNs : null,
      },
      durationNs ?? 0,
      () => {
        this.#controller.resync();
        this.#selectorless?.mirroringController?.resync();
      },
      this.#streams,
    );
  }

  #createControllerManager(etcd: Etcd): ControllerManager {
    const { leaderElectLeaseDurationNs, leaderElectRetryPeriodNs } = this.#scenario.controlPlane.controllerManager;
    const manager = new ControllerManager(
      this.simulation,
      this.#apiServers,
      etcd,
      {
        leaseDurationNs: leaderElectLeaseDurationNs,
        retryPeriodNs: leaderElectRetryPeriodNs,
        listBaseNs: ns(CONTROLLER_MANAGER_COSTS.listBase.value),
        listPerObjectNs: CONTROLLER_MANAGER_COSTS.listPerObject.value * NS_PER_SECOND,
      },
      // A service has about one endpoint object of its own; pods that are gone are counted with them.
      () => this.#nodes.count + 2 * this.#services.count + this.#pods.count,
      this.#streams,
    );
    manager.register(this.#resync);
    manager.register(this.#controller);
    const mirroring = this.#selectorless?.mirroringController ?? null;
    if (mirroring !== null) manager.register(mirroring);
    return manager;
  }

  #createKubeProxies(): KubeProxies {
    const { kubeProxy, cluster } = this.#scenario;
    const fullSyncIntervalNs = ns(KUBE_PROXY_RULES.fullSyncInterval.value);
    const intervals = {
      minIntervalNs: kubeProxy.minSyncPeriodNs,
      retryIntervalNs: kubeProxy.syncPeriodNs,
      maxIntervalNs: Math.max(fullSyncIntervalNs, kubeProxy.minSyncPeriodNs),
    };
    const runner: SyncRunner =
      kubeProxy.syncRunner === 'min-interval'
        ? new MinIntervalRunner(cluster.nodes, intervals)
        : new TokenBucketRunner(cluster.nodes, intervals, KUBE_PROXY_RULES.burstSyncs.value);
    // A cluster that has been up for long: every node had its last full sync at some time of the past interval.
    const hash = this.#streams.hash('kube-proxy-last-full-sync');
    const lastFullSyncNs = Float64Array.from(
      { length: cluster.nodes },
      (_, node) => -Math.round(hash.uniform(node, 0) * fullSyncIntervalNs),
    );
    return new KubeProxies(
      this.simulation,
      this.log,
      this.#nodes,
      Int32Array.from({ length: this.#services.count }, (_, service) =>
        this.#discoveryOf(service).usableEndpoints(service),
      ),
      {
        mode: new IptablesMode(kubeProxy.syncPeriodNs),
        runner,
        partialSync: kubeProxy.minimizeIPTablesRestore,
        fullSyncIntervalNs,
        lastFullSyncNs,
        measureFromNs: this.startNs,
      },
      this.recorder.proxies,
    );
  }

  /** All pods of the start are ready, and everybody knows of them. */
  #populate(controllers: WorkloadControllers): void {
    for (let service = 0; service < this.#services.count; service++) {
      if (!this.#services.hasSelector(service)) {
        const { writer, discovery } = this.#selectorless!;
        discovery.initialize(service, writer.initialize(service, this.#services.initialEndpoints(service)));
        continue;
      }
      const pods: number[] = [];
      for (let n = this.#services.initialEndpoints(service); n > 0; n--) {
        const pod = controllers.adopt(service);
        this.#lifecycle.adopt(pod);
        pods.push(pod);
      }
      if (!this.#absentServices.has(service)) this.#discovery.initialize(service, pods);
      this.#listSize.update(service, this.#discovery.publishedEndpoints(service));
    }
  }

  #onCommit(committed: CommittedWrite): void {
    const { service, write, changeNs, triggerNs } = committed;
    const commitNs = this.simulation.nowNs;
    const isDeletion = write.verb === 'delete';
    this.#committedWrites++;
    const entry = this.log.append(
      {
        service,
        bytes: write.frameBytes,
        changeNs,
        triggerNs: triggerNs === null || isDeletion ? NO_TRIGGER : this.#timestamp(triggerNs),
        isDeletion,
        endpointsAfter: this.#discoveryOf(service).usableEndpoints(service),
      },
      commitNs,
    );
    this.recorder.onCommit(committed, entry, commitNs, this.log);
    this.#listSize.update(service, this.#discovery.publishedEndpoints(service));
    this.nodesAndPods.onCommit(service, write.pods, write.podStates);
    this.kubeProxies.onAppend(entry);
    this.watchConnections.afterAppend(entry);
  }

  /** What a timestamp of whole seconds says at `timeNs`: earlier than the run's clock by up to a second. */
  #timestamp(timeNs: number): number {
    const phaseNs = this.#clockPhaseNs;
    return Math.floor((timeNs + phaseNs) / TIMESTAMP_RESOLUTION_NS) * TIMESTAMP_RESOLUTION_NS - phaseNs;
  }

  #warn(): void {
    const { recorder } = this;
    this.warnings.push(...this.#workload.warnings, ...requestPathWarnings(this.#requestPath));
    if (!this.#isQuiet) {
      this.warnings.push('The drain limit was reached with changes still in flight: late updates are missing.');
    }
    if (this.log.length === 0) {
      this.warnings.push(
        'No endpoint object was written: there is no latency to measure. Add an action that changes pods.',
      );
    }
    if (recorder.rejected > 0) {
      this.warnings.push(
        `${recorder.rejected} writes of ${this.#discovery.kind} objects were over etcd's request limit and refused: nodes never saw them.`,
      );
    }
    if (this.#droppedKeys > 0) {
      this.warnings.push(
        `The ${this.#discovery.kind} controller gave up ${this.#droppedKeys} services after its last retry.`,
      );
    }
    for (const { service, share } of this.#deployments.unfinished()) {
      const group = this.#services.groups[this.#services.group[service]!]!.name;
      this.warnings.push(
        `The rolling update of a service of "${group}" had ${Math.floor(share * 100)} % of its new pods ready when the run ended.`,
      );
    }
  }
}

/** The API server refuses larger bodies before etcd would; null: no limit. */
function largestRequest({ apiServer, etcd }: Scenario['controlPlane']): number | null {
  const largest = Math.min(apiServer.maxRequestBodyBytes ?? Infinity, etcd.maxRequestBytes ?? Infinity);
  return largest === Infinity ? null : largest;
}
