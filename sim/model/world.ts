/**
 * One replication: the scenario's cluster, wired together and run.
 *
 *   Scenario, replication --> World: workload --> pods, kubelets --> endpoint controller --> watch fan-out --> kube-proxies
 *                                                    Recorder <---------------------------------------------|
 *
 * A pure function of (scenario, replication): the scenario holds the seed.
 */

import { RandomStreams } from '../kernel/random.js';
import { Simulation } from '../kernel/simulation.js';
import type { MetricName } from '../metrics.js';
import { createNodes } from './cluster/nodes.js';
import { PodTable } from './cluster/pods.js';
import { ServiceTable, servicesWithoutEndpoints } from './cluster/services.js';
import type { ControllerManager } from './controlplane/controller-manager.js';
import type { Discovery } from './controlplane/discovery.js';
import type {
  CommittedWrite,
  EndpointController,
  EndpointControllerObserver,
} from './controlplane/endpoint-controller.js';
import type { InformerResync } from './controlplane/informer-resync.js';
import type { EndpointListSize } from './controlplane/list-size.js';
import { type RequestPath, requestPathWarnings } from './controlplane/request-path.js';
import type { WatchConnections } from './controlplane/watch-connections.js';
import { NO_TRIGGER, type WatchFanOut } from './controlplane/watch-fan-out.js';
import { checkConservation } from './conservation.js';
import { FaultRecovery } from './fault-recovery.js';
import type { EndpointUpdates } from './node/endpoint-updates.js';
import type { KubeProxies } from './node/kube-proxies.js';
import { KubeProxyProcesses } from './node/kube-proxy-processes.js';
import type { InitialEndpoints } from './node/rule-history.js';
import type { NodeTrafficResult } from './node/packet-path/node-traffic.js';
import { NO_TRAFFIC, type Traffic, type TrafficResult } from './traffic/traffic.js';
import { Recorder, type WatchOutcome } from './recorder.js';
import type { Scenario } from './scenario.js';
import { API_SERVER_COSTS } from './versions/costs.js';
import { deprecationOf } from './versions/features.js';
import { minorOf } from './versions/profiles.js';
import { NODE_WATCH_RULES } from './versions/watch-rules.js';
import { createAutoscalers } from './wiring/autoscalers.js';
import { type ClusterContext, type EndpointContext, NS_PER_SECOND, ns } from './wiring/context.js';
import { createControllerManager } from './wiring/controller-manager.js';
import { createDiscovery } from './wiring/create-discovery.js';
import { createEndpointController, createInformerResync, createNodeInformer } from './wiring/endpoint-controllers.js';
import { createEndpointUpdates, createKubeProxies } from './wiring/kube-proxies.js';
import { createLoadBalancers, type LoadBalancers } from './wiring/load-balancers.js';
import { nodePortScalars } from './wiring/node-ports.js';
import { NodesAndPods } from './wiring/nodes-and-pods.js';
import { measureNodeTraffic } from './wiring/node-traffic.js';
import { createPodAcceptance, createTraffic } from './wiring/traffic.js';
import { createEtcd, createRequestPath } from './wiring/request-path.js';
import { createSelectorlessServices, type SelectorlessServices } from './wiring/selectorless-services.js';
import { createListSize, createWatchConnections, createWatchFanOut, setWatchers } from './wiring/watches.js';
import { createWorkloadActions } from './wiring/workload-actions.js';
import { servicesToBeCreated, type WorkloadActions } from './workload/actions.js';
import { heldUpServices, heldUpWarnings } from './workload/held-up-stateful-sets.js';
import type { Autoscalers } from './workload/horizontal-pod-autoscaler/autoscalers.js';
import { createWorkloadControllers, type WorkloadControllers } from './workload/workload-controllers.js';

/** Pod Ready transitions and creation timestamps are written with a resolution of one second, rounded down. */
const TIMESTAMP_RESOLUTION_NS = NS_PER_SECOND;

export class World {
  readonly recorder = new Recorder();
  readonly simulation: Simulation;
  readonly log: WatchFanOut;
  readonly kubeProxies: KubeProxies;
  readonly watchConnections: WatchConnections;
  readonly warnings: string[] = [];

  readonly nodesAndPods: NodesAndPods;
  /** The process that the controllers live in. */
  readonly controllerManager: ControllerManager;
  /** External load balancers; null when no service has one. */
  readonly loadBalancers: LoadBalancers | null;
  /** When the workload began: with its first action or the first change of load. */
  readonly startNs: number;

  readonly #context: EndpointContext;
  readonly #requestPath: RequestPath;
  readonly #workloadControllers: WorkloadControllers;
  readonly #workload: WorkloadActions;
  readonly #controller: EndpointController;
  readonly #resync: InformerResync;
  /** Services without selector; null when there are none. */
  readonly #selectorless: SelectorlessServices | null;
  readonly #autoscalers: Autoscalers | null;
  readonly #endpointUpdates: EndpointUpdates;
  readonly #listSize: EndpointListSize;
  readonly #processes: KubeProxyProcesses;
  /** null: the scenario has no clients. */
  readonly #traffic: Traffic | null;
  readonly #faultRecovery: FaultRecovery;
  /** How far the wall clock was into a second when the run began: scripted actions fall on no particular part of one. */
  readonly #clockPhaseNs: number;
  #droppedKeys = 0;
  #committedWrites = 0;

  /** The order matters: kinds of events are numbered, and listeners called, in the order in which parts come. */
  constructor(scenario: Scenario, replication: number) {
    const streams = new RandomStreams(scenario.seed, replication);
    const simulation = new Simulation({
      context: `scenario "${scenario.name}", seed ${scenario.seed}, replication ${replication}`,
      fingerprint: true,
    });
    this.simulation = simulation;
    this.startNs = startOf(scenario);
    const nodes = createNodes(scenario.cluster, streams);
    const services = new ServiceTable(scenario.services);
    const pods = new PodTable(scenario.cluster.nodes, services.count);
    const cluster: ClusterContext = { simulation, scenario, streams, nodes, services, pods, startNs: this.startNs };
    this.#clockPhaseNs = Math.floor(streams.hash('clock-phase').uniform(0, 0) * TIMESTAMP_RESOLUTION_NS);

    this.#requestPath = createRequestPath(cluster);
    this.recorder.observe(this.#requestPath);
    const { apiServers } = this.#requestPath;
    const watchLatencyNs = ns(API_SERVER_COSTS.watchLatencyToControllers.value);
    const api = { ...cluster, apiServers, etcd: createEtcd(scenario, streams), watchLatencyNs };
    const acceptance = createPodAcceptance(cluster);
    const nodeInformer = createNodeInformer(cluster, watchLatencyNs, () => this.nodesChanged());
    this.nodesAndPods = new NodesAndPods({
      ...api,
      acceptance,
      connections: {
        onNodeLost: (node) => {
          this.#processes.onNodeLost(node);
          this.#traffic?.nodeDown(node, true);
        },
        onNodeReturned: (node, back) => {
          this.#processes.onNodeReturned(node, back);
          this.#traffic?.nodeDown(node, false);
        },
      },
      onReadinessChanged: () => {
        nodeInformer();
        this.loadBalancers?.nodesChanged();
      },
    });
    const { lifecycle, placement, nodeLifecycle } = this.nodesAndPods;

    const discovery = createDiscovery(scenario, pods, services, nodes, (node) => nodeLifecycle.isReady(node));
    const absentServices = servicesToBeCreated(scenario.workload, services);
    for (const service of servicesWithoutEndpoints(services)) absentServices.add(service);
    const context: EndpointContext = { ...api, discovery, absentServices };
    this.#context = context;
    this.#listSize = createListSize(cluster, discovery.kind);
    this.log = createWatchFanOut(cluster);
    const observer = this.#createObserver();
    this.#selectorless = createSelectorlessServices(context, observer);
    setWatchers(api, this.log, discovery.kind);
    const kind = discovery.kind === 'EndpointSlice' ? 'endpointSlice' : 'endpoints';
    this.#controller = createEndpointController(context, kind, discovery, observer);
    const mirroring = this.#selectorless?.mirroringController ?? null;
    const endpointControllers = mirroring === null ? [this.#controller] : [this.#controller, mirroring];
    this.#resync = createInformerResync(cluster, discovery.kind, endpointControllers);
    this.controllerManager = createControllerManager(api, [this.#resync, ...endpointControllers]);
    // After the controller's: a listener of the workload must not see a pod before the controller has queued its service.
    lifecycle.onObserved((service, observed, change, isSelected) => {
      if (isSelected && !absentServices.has(service)) this.#controller.podsChanged(service, observed, change);
    });

    this.#workloadControllers = createWorkloadControllers({ ...api, placement, lifecycle });
    const { replicaSets } = this.#workloadControllers;
    const nodeFaults = this.nodesAndPods.connectWorkload(replicaSets, (service) => absentServices.has(service));
    for (const controller of [...this.#workloadControllers.all, ...this.nodesAndPods.controllers]) {
      this.controllerManager.register(controller);
    }
    this.#populate();
    this.#autoscalers = createAutoscalers(api, lifecycle, this.#workloadControllers);
    if (this.#autoscalers !== null) this.controllerManager.register(this.#autoscalers);

    this.#endpointUpdates = createEndpointUpdates(cluster);
    this.kubeProxies = createKubeProxies(
      cluster,
      this.log,
      this.#endpointUpdates,
      this.#publishedEndpoints(),
      this.recorder.proxies,
    );
    this.watchConnections = createWatchConnections(api, this.log, this.#listSize, this.kubeProxies);
    this.#processes = new KubeProxyProcesses(simulation, nodes.zone, streams, this.watchConnections, this.kubeProxies);
    this.loadBalancers = createLoadBalancers(context, (node) => nodeLifecycle.isReady(node));
    this.#traffic = createTraffic(
      context,
      this.log,
      this.#endpointUpdates,
      acceptance,
      this.loadBalancers,
      this.#publishedEndpoints(),
    );
    if (this.#traffic !== null) {
      const traffic = this.#traffic;
      this.kubeProxies.listenToRules(traffic);
      this.#processes.listen((node, isAway) => traffic.proxyAway(node, isAway));
      traffic.startClients();
      const { durationNs } = scenario;
      // Without lifetimes open connections have no events: something must take the clock to the end of the duration all the same.
      if (traffic.hasEvents && durationNs !== null) {
        simulation.schedule(
          durationNs,
          simulation.registerKind('clients have sent for the duration', () => undefined),
        );
      }
    }
    this.#faultRecovery = new FaultRecovery(simulation, this.log, this.kubeProxies, this.#controller);
    this.controllerManager.onTakenOver((downSinceNs) =>
      this.#faultRecovery.followWriters('controllerManagerFailOver', downSinceNs, simulation.nowNs),
    );
    this.#workload = createWorkloadActions(context, {
      controllers: this.#workloadControllers,
      lifecycle,
      nodeFaults,
      controller: this.#controller,
      controllerManager: this.controllerManager,
      handWritten: this.#selectorless?.writer ?? null,
      etcdStore: this.#requestPath.etcd,
      watchConnections: this.watchConnections,
      kubeProxyProcesses: this.#processes,
      faultRecovery: this.#faultRecovery,
      loadBalancers: this.loadBalancers,
    });
  }

  /**
   * Runs until the workload is done and all is quiet, or the scenario's limits are reached. `onProgress` hears of the share of
   * the workload that is done and of the events so far.
   */
  run(onProgress?: (share: number, events: number) => void): void {
    const { durationNs, drainLimitNs } = this.#context.scenario;
    const limitNs = durationNs === null ? Infinity : durationNs + drainLimitNs;
    const { simulation } = this;
    // Clients whose connections stay open have no events: without this one the clock might stop before they do.
    if (this.#nextStopOfClientsNs !== Infinity) {
      simulation.schedule(
        this.#nextStopOfClientsNs,
        simulation.registerKind('clients stop', () => {}),
      );
    }
    // In slices of simulated time, so that progress can be shown without an event of its own.
    while (!this.#isQuiet && simulation.nowNs < limitNs) {
      const untilNs = Math.min(limitNs, simulation.nowNs + NS_PER_SECOND, this.#nextStopOfClientsNs);
      // Once the workload is done, resyncs could only keep alive what will never succeed.
      simulation.run(this.#workload.progress < 1 ? this.#resync.arm(untilNs) : untilNs);
      this.#traffic?.sample();
      onProgress?.(this.#progress(durationNs), simulation.eventsFired);
    }
    this.#traffic?.stopClients();
    while (this.#traffic !== null && this.#traffic.underWay > 0 && simulation.nowNs < limitNs) {
      simulation.run(Math.min(limitNs, simulation.nowNs + NS_PER_SECOND));
    }
    this.kubeProxies.end(this.endNs);
    this.#endAutoscalers();
    this.recorder.end(this.log, this.watchConnections);
    this.#requestPath.apiServers.end(this.endNs);
    const { replicaSets } = this.#workloadControllers;
    const { services, pods } = this.#context;
    const statefulSetsAndPods = { ...this.#workloadControllers, services, pods };
    const heldUp = heldUpServices(statefulSetsAndPods, this.nodesAndPods.servicesOnLostNodes(), this.#isQuiet);
    this.#warn();
    this.warnings.push(...heldUpWarnings(heldUp, statefulSetsAndPods));
    if (!this.#isQuiet) return;
    const hadSpace = this.#requestPath.etcd.refused === 0;
    checkConservation({
      log: this.log,
      kubeProxies: this.kubeProxies,
      watchConnections: this.watchConnections,
      recorders: this.recorder.proxies,
      bytesInSeries: this.recorder.bytesInSeries,
      committedWrites: this.#committedWrites,
      pods,
      services: services.count,
      replicaSets,
      discoveryOf: (service) => this.#discoveryOf(service),
      settingsOf: (service) => services.endpointSettings(service),
      absentServices: this.#context.absentServices,
      publishedEndpoints: () => this.#publishedEndpoints(),
      ruleQuantities: this.kubeProxies.ruleQuantities,
      isPublished: this.recorder.rejected === 0 && this.#droppedKeys === 0 && hadSpace,
      isComplete:
        this.#context.scenario.durationNs === null &&
        this.#workloadControllers.deployments.unfinished().length === 0 &&
        hadSpace,
      isNodeUp: (node) => this.nodesAndPods.isNodeUp(node),
      heldUpServices: heldUp,
    });
  }

  /** What the recorder needs to know of the watches. */
  get watchOutcome(): WatchOutcome {
    return {
      connections: this.watchConnections,
      apiServer: this.#context.scenario.controlPlane.apiServer,
      recoveries: this.#faultRecovery.recoveries(),
    };
  }

  /** Whether nothing is left to happen but watches that time out, and clients who have sent for long enough. */
  get #isQuiet(): boolean {
    const background = this.watchConnections.backgroundEvents + (this.#traffic?.pendingEvents ?? 0);
    return this.simulation.pending <= background && this.#nextStopOfClientsNs === Infinity;
  }

  /** The end of the duration, if clients need events until then; after it they go on as long as there is something else to do. */
  get #nextStopOfClientsNs(): number {
    const { durationNs } = this.#context.scenario;
    const isDuration = this.#traffic?.hasEvents === true && durationNs !== null && this.simulation.nowNs < durationNs;
    return isDuration ? durationNs : Infinity;
  }

  /** When the run ended: after the last event, the last sync and the scenario's duration. */
  get endNs(): number {
    return Math.max(this.simulation.nowNs, this.kubeProxies.lastSyncEndNs, this.#context.scenario.durationNs ?? 0);
  }

  /** What the connections of nodes meet at the end of the run; nothing when the scenario has none. Call once. */
  measureNodeTraffic(): NodeTrafficResult {
    return measureNodeTraffic(this.#context, (service) => this.#discoveryOf(service).usableEndpoints(service));
  }

  /** What became of the requests of clients; nothing when the scenario has none. Call once. */
  endTraffic(): TrafficResult {
    return this.#traffic?.end(this.endNs) ?? NO_TRAFFIC;
  }

  /** What the EndpointSlice controller exports of its slices; nothing of Endpoints. */
  get sliceGauges(): Partial<Record<MetricName, number>> {
    const gauges = this.#context.discovery.gauges();
    return gauges === null
      ? {}
      : {
          endpoint_slice_controller_endpoints_desired: gauges.endpoints,
          endpoint_slice_controller_num_endpoint_slices: gauges.actualSlices,
          endpoint_slice_controller_desired_endpoint_slices: gauges.desiredSlices,
        };
  }

  /** Node ports that services have at the end of the run; nothing when none has any. Call once. */
  nodePortScalars(): Partial<Record<MetricName, number>> {
    return nodePortScalars(this.#context, this.#context.absentServices);
  }

  /** Nodes came, went or changed readiness: the endpoint controller looks at them, and at the services that this concerns. */
  nodesChanged(): void {
    for (const service of this.#context.discovery.nodesChanged()) this.#controller.serviceAffected(service);
  }

  /** Share of the workload that is done; an autoscaler is at work until the end. */
  #progress(durationNs: number | null): number {
    const ofRun = this.simulation.nowNs / (durationNs ?? Infinity);
    return this.#autoscalers === null ? this.#workload.progress : Math.min(1, ofRun);
  }

  /** What the objects say once all that the informers know of is written. */
  #publishedEndpoints(): (service: number) => InitialEndpoints {
    const { absentServices } = this.#context;
    return this.#endpointUpdates.initial((service) => this.#discoveryOf(service), absentServices);
  }

  #discoveryOf(service: number): Discovery {
    return this.#context.services.hasSelector(service) ? this.#context.discovery : this.#selectorless!.discovery;
  }

  /** How much of each limit was used; sim/limits.ts says what each limit is. */
  utilizations(): Partial<Record<MetricName, number>> {
    return {
      deployment_controller_client_utilization: this.#workloadControllers.deployments.clientUtilization,
      replicaset_controller_client_utilization: this.#workloadControllers.replicaSets.clientUtilization,
      statefulset_controller_client_utilization: this.#workloadControllers.statefulSets.clientUtilization,
      endpoint_controller_client_utilization: this.#controller.clientUtilization,
      endpoint_controller_worker_utilization: this.#controller.workerUtilization(this.endNs),
    };
  }

  #endAutoscalers(): void {
    if (this.#autoscalers === null) return;
    this.#autoscalers.end(this.endNs);
    this.recorder.onAutoscaled(this.#autoscalers.rescales, this.#autoscalers.loads.meanOverloadedNs);
  }

  #createObserver(): EndpointControllerObserver {
    return {
      onCommit: (committed) => this.#onCommit(committed),
      onUnchanged: () => this.recorder.onUnchanged(),
      onRejected: () => this.recorder.onRejected(),
      onConflict: () => this.recorder.onConflict(),
      onStaleSync: () => this.recorder.onStaleSync(),
      onDropped: () => this.#droppedKeys++,
    };
  }

  /** All pods of the start are ready, and everybody knows of them. */
  #populate(): void {
    const { services, discovery, absentServices } = this.#context;
    for (let service = 0; service < services.count; service++) {
      if (!services.hasSelector(service)) {
        const { writer, discovery: ofSelectorless } = this.#selectorless!;
        ofSelectorless.initialize(service, writer.initialize(service, services.initialEndpoints(service)));
        continue;
      }
      const pods: number[] = [];
      for (let n = services.initialEndpoints(service); n > 0; n--) {
        const pod = this.#workloadControllers.adopt(service);
        this.nodesAndPods.lifecycle.adopt(pod);
        pods.push(pod);
      }
      if (!absentServices.has(service)) discovery.initialize(service, pods);
      if (this.#isWatched(service)) this.#listSize.update(service, discovery.publishedEndpoints(service));
    }
  }

  #onCommit(committed: CommittedWrite): void {
    const { service, write, changeNs, triggerNs } = committed;
    const commitNs = this.simulation.nowNs;
    const isDeletion = write.verb === 'delete';
    if (!this.#isWatched(service)) {
      this.recorder.onUnwatchedCommit(write.frameBytes);
      this.nodesAndPods.onCommit(service, write.pods, write.podStates);
      if (this.#traffic?.isNamed(service) === true) {
        this.#traffic.onNamedWrite(service, this.#endpointUpdates.ofWrite(service, write));
      }
      return;
    }
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
    this.#listSize.update(service, this.#context.discovery.publishedEndpoints(service));
    this.nodesAndPods.onCommit(service, write.pods, write.podStates);
    const updates = this.#endpointUpdates.ofWrite(service, write);
    this.#traffic?.onAppend(entry, service, updates);
    this.kubeProxies.onAppend(entry, updates);
    this.watchConnections.afterAppend(entry);
  }

  /** Whether nodes watch the endpoint objects of the service. */
  #isWatched(service: number): boolean {
    const isHeadless = this.#context.services.shapeOf(service).type === 'Headless';
    return !(isHeadless && NODE_WATCH_RULES.skipsHeadlessServices.value);
  }

  /** What a timestamp of whole seconds says at `timeNs`: earlier than the run's clock by up to a second. */
  #timestamp(timeNs: number): number {
    const phaseNs = this.#clockPhaseNs;
    return Math.floor((timeNs + phaseNs) / TIMESTAMP_RESOLUTION_NS) * TIMESTAMP_RESOLUTION_NS - phaseNs;
  }

  /** Whether something is measured even if no pod changes. */
  get #measuresWithoutWrites(): boolean {
    const { clients, nodeTraffic, workload } = this.#context.scenario;
    return (
      clients.length > 0 ||
      nodeTraffic !== null ||
      workload.some(({ kind }) => kind === 'restartKubeProxy' || kind === 'failSyncs')
    );
  }

  #warn(): void {
    const { recorder } = this;
    const { kubernetes, kubeProxy, clients } = this.#context.scenario;
    const deprecation = deprecationOf(kubeProxy.mode, minorOf(kubernetes));
    if (deprecation !== null) this.warnings.push(deprecation);
    this.warnings.push(...this.#workload.warnings, ...requestPathWarnings(this.#requestPath));
    this.warnings.push(...(this.loadBalancers?.warnings ?? []));
    if (!this.#isQuiet) {
      this.warnings.push('The drain limit was reached with changes still in flight: late updates are missing.');
    }
    const sticky = clients.filter(({ service }) => this.#context.scenario.services.some(hasAffinityCalled(service)));
    if (sticky.length > 0) {
      this.warnings.push(
        `Loads of pods do not show session affinity: those of ${sticky.map(({ name }) => `"${name}"`).join(', ')} are as if every connection chose anew. With "detail: connection" and keepAlive, open connections show it.`,
      );
    }
    const unanswered = this.#traffic?.underWay ?? 0;
    if (unanswered > 0) {
      this.warnings.push(
        `${unanswered} requests had no answer when the drain limit was reached: pods have less capacity than clients ask for.`,
      );
    }
    if (this.log.length === 0 && recorder.unwatched > 0) {
      this.warnings.push(
        'Only endpoint objects of headless services were written, which no node watches: there is no latency to measure.',
      );
    } else if (this.log.length === 0 && !this.#measuresWithoutWrites) {
      this.warnings.push(
        'No endpoint object was written: there is no latency to measure. Add an action that changes pods.',
      );
    }
    const { refusedNodes } = this.kubeProxies;
    if (refusedNodes > 0) {
      this.warnings.push(
        `The nat tables of ${refusedNodes} nodes are over 512 MiB, which a kernel refuses in the legacy backend of iptables: all syncs would fail there. Latencies and sync times are those of a kernel that takes them.`,
      );
    }
    if (recorder.rejected > 0) {
      this.warnings.push(
        `${recorder.rejected} writes of ${this.#context.discovery.kind} objects were over etcd's request limit and refused: nodes never saw them.`,
      );
    }
    if (this.#droppedKeys > 0) {
      this.warnings.push(
        `The ${this.#context.discovery.kind} controller gave up ${this.#droppedKeys} services after its last retry.`,
      );
    }
    for (const { service, share } of this.#workloadControllers.deployments.unfinished()) {
      const group = this.#context.services.groups[this.#context.services.group[service]!]!.name;
      this.warnings.push(
        `The rolling update of a service of "${group}" had ${Math.floor(share * 100)} % of its new pods ready when the run ended.`,
      );
    }
  }
}

const hasAffinityCalled =
  (service: string) =>
  ({ name, shape }: Scenario['services'][number]): boolean =>
    name === service && shape.sessionAffinity === 'ClientIP';

/** See `World.startNs`. */
function startOf({ workload, autoscalers }: Scenario): number {
  const beginsNs = [...workload, ...autoscalers.flatMap(({ load }) => load)].map(({ atNs }) => atNs);
  return beginsNs.length === 0 ? 0 : Math.min(...beginsNs);
}
