/**
 * The workload of a scenario: carries out each action when its time comes.
 *
 *   WorkloadAction at its time --> Deployments, ReplicaSets, Churn, pod life cycle --> pods that change
 *                              --> service created --> endpoint controller
 *                              --> controller manager crashes
 *                              --> API server restarts, nodes that do not read --> watches
 *
 * Left out: actions that depend on what happened before, repetition.
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { ServiceTable } from '../cluster/services.js';
import type { ControllerManager } from '../controlplane/controller-manager.js';
import type { EndpointController } from '../controlplane/endpoint-controller.js';
import type { ApiClient, ApiServers } from '../controlplane/api-servers.js';
import type { Etcd, WriteLatency } from '../controlplane/etcd.js';
import type { ProbeFailure } from '../node/readiness-probe.js';
import type { ChosenNodes } from '../node/kube-proxy-processes.js';
import type { NodeShare, WorkloadAction } from '../scenario.js';
import { Churn } from './churn.js';
import { resolveUp } from './deployment-rules.js';
import type { Deployments } from './deployments.js';
import type { HandWrittenEndpoints } from './hand-written-endpoints.js';
import type { NodeFaults } from './node-faults.js';
import type { PodLabels } from './pod-labels.js';
import type { PodLifecycle } from './pod-lifecycle.js';
import type { ReplicaSets } from './replica-sets.js';

/** What faults of the watches act on. */
export interface WatchTarget {
  /** API server `server` is down for `forNs`. */
  restart(server: number, forNs: number): void;
  /** `nodes` of the nodes do not read for `forNs`; `draw` tells several such actions apart. */
  pause(nodes: number, forNs: number, draw: number): void;
}

/** What faults of kube-proxies act on; `draw` tells several such actions apart. */
export interface KubeProxyTarget {
  /** The processes of `nodes` are away for `forNs`. */
  restart(nodes: ChosenNodes, forNs: number, draw: number): void;
  /** Syncs of `nodes` that start within `forNs` fail. */
  failSyncs(nodes: ChosenNodes, forNs: number, draw: number): void;
}

/** What the actions act on. */
export interface WorkloadTargets {
  readonly services: ServiceTable;
  readonly replicaSets: ReplicaSets;
  readonly deployments: Deployments;
  readonly lifecycle: PodLifecycle;
  readonly labels: PodLabels;
  readonly controller: EndpointController;
  readonly nodeFaults: NodeFaults;
  readonly controllerManager: ControllerManager;
  /** null: every service selects its pods. */
  readonly handWritten: HandWrittenEndpoints | null;
  readonly watches: WatchTarget;
  readonly kubeProxies: KubeProxyTarget;
  readonly nodes: number;
  /** Services that the informer does not show yet; one leaves the set when it does. */
  readonly absentServices: Set<number>;
  /** Hears of a service that the informers show, and of when it was created. */
  readonly onServiceCreated: (service: number, createdNs: number) => void;
  /** Whoever creates services. */
  readonly serviceClient: ApiClient;
  readonly slowEtcd: (factor: number, forNs: number) => void;
  readonly apiServers: ApiServers;
}

type PodChange = Extract<WorkloadAction, { kind: 'podChange' }>['change'];

interface Replacements {
  readonly total: number;
  /** Pods that are still to be replaced, the next one last. */
  readonly left: { readonly service: number; readonly pod: number }[];
}

export class WorkloadActions {
  readonly #simulation: Simulation;
  readonly #actions: readonly WorkloadAction[];
  readonly #targets: WorkloadTargets;
  readonly #churn: Churn;
  readonly #creationLatency: WriteLatency;
  readonly #watchLatencyNs: number;
  readonly #endNs: number;
  readonly #actionKind: EventKind;
  readonly #replaceNextKind: EventKind;
  readonly #serviceCreatedKind: EventKind;
  readonly #serviceSeenKind: EventKind;
  readonly #started = new Set<number>();
  /** What a reader of the result must know of the workload. */
  readonly warnings: string[] = [];
  /** By `replaceEach` action. */
  readonly #toReplace = new Map<number, Replacements>();

  /** No action begins anything new after `endNs`. */
  constructor(
    simulation: Simulation,
    actions: readonly WorkloadAction[],
    targets: WorkloadTargets,
    etcd: Etcd,
    watchLatencyNs: number,
    streams: RandomStreams,
    endNs: number,
  ) {
    this.#simulation = simulation;
    this.#actions = actions;
    this.#targets = targets;
    this.#churn = new Churn(simulation, targets.replicaSets, streams);
    this.#creationLatency = etcd.writesOf('service-creation');
    this.#watchLatencyNs = watchLatencyNs;
    this.#endNs = endNs;
    this.#serviceCreatedKind = simulation.registerKind('workload: service created', (service) =>
      simulation.schedule(simulation.nowNs + watchLatencyNs, this.#serviceSeenKind, service),
    );
    this.#serviceSeenKind = simulation.registerKind('informer: service created', (service) =>
      this.#onServiceSeen(service),
    );
    this.#actionKind = simulation.registerKind('workload: action', (index) => this.#act(index));
    this.#replaceNextKind = simulation.registerKind('workload: next replacement', (index) => this.#replaceNext(index));
    actions.forEach(({ atNs }, index) => {
      if (atNs <= endNs) simulation.schedule(atNs, this.#actionKind, index);
    });
  }

  /** Share of the workload that is done, from 0 to 1, each action weighing the same: for a progress line, no more. */
  get progress(): number {
    const shares = this.#actions.map((action, index) =>
      this.#started.has(index) ? this.#progressOf(action, index) : 0,
    );
    return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  }

  #progressOf(action: WorkloadAction, index: number): number {
    switch (action.kind) {
      case 'rollingUpdate':
        return this.#targets.deployments.progressOf(this.#servicesOf(action.service));
      case 'replaceEach':
        return shareReplaced(this.#toReplace.get(index)!);
      case 'churn':
      case 'slowEtcd': {
        const endNs = Math.min(this.#endNs, action.atNs + (action.forNs ?? Infinity));
        return Math.min(1, (this.#simulation.nowNs - action.atNs) / Math.max(1, endNs - action.atNs));
      }
      case 'scale':
      case 'editEndpoints':
      case 'podChange':
      case 'createService':
      case 'loseNodes':
      case 'restartNodes':
      case 'failOverControllerManager':
        return 1;
      case 'restartApiServer':
      case 'slowWatchers':
      case 'restartKubeProxy':
      case 'failSyncs':
        return Math.min(1, (this.#simulation.nowNs - action.atNs) / action.forNs);
    }
  }

  #chosen(nodes: NodeShare): ChosenNodes {
    return 'zone' in nodes ? nodes : { count: resolveUp(nodes, this.#targets.nodes) };
  }

  #act(index: number): void {
    const action = this.#actions[index]!;
    this.#started.add(index);
    switch (action.kind) {
      case 'rollingUpdate':
        for (const service of this.#servicesOf(action.service)) this.#targets.deployments.rollOut(service, action);
        return;
      case 'replaceEach':
        this.#startReplacing(index, action.service);
        return;
      case 'churn':
        this.#churn.start(index, {
          podsPerSecond: action.podsPerSecond,
          arrivals: action.arrivals,
          services: this.#servicesOfGroupsOrAll(action.services),
          endNs: Math.min(this.#endNs, action.atNs + (action.forNs ?? Infinity)),
        });
        return;
      case 'scale':
        for (const service of this.#servicesOf(action.service)) this.#targets.deployments.scale(service, action.to);
        return;
      case 'editEndpoints':
        for (const service of this.#servicesOf(action.service)) {
          this.#targets.handWritten?.edit(service, action.to, action.replace);
        }
        return;
      case 'podChange':
        this.#changePods(action.service, action.change, action.failure);
        return;
      case 'createService':
        for (const service of this.#servicesOf(action.service)) this.#createService(service);
        return;
      case 'loseNodes':
      case 'restartNodes': {
        const found = this.#targets.nodeFaults.begin(index, action);
        const asked = 'zone' in action.nodes ? Math.max(1, found) : action.nodes.count;
        if (found < asked) this.warnings.push(`${action.kind} found ${found} of ${asked} nodes: the others were lost.`);
        return;
      }
      case 'failOverControllerManager':
        this.#failOverControllerManager();
        return;
      case 'restartApiServer':
        this.#targets.watches.restart(action.server, action.forNs);
        this.#targets.apiServers.restart(action.server, action.forNs);
        return;
      case 'slowWatchers': {
        const { watches, nodes } = this.#targets;
        watches.pause(resolveUp(action.nodes, nodes), action.forNs, index);
        return;
      }
      case 'slowEtcd':
        this.#targets.slowEtcd(action.factor, action.forNs);
        return;
      case 'restartKubeProxy':
        this.#targets.kubeProxies.restart(this.#chosen(action.nodes), action.forNs, index);
        return;
      case 'failSyncs':
        this.#targets.kubeProxies.failSyncs(this.#chosen(action.nodes), action.forNs, index);
        return;
    }
  }

  #startReplacing(index: number, group: string): void {
    const left = this.#servicesOf(group).flatMap((service) =>
      this.#targets.replicaSets.replicas(service).map((pod) => ({ service, pod })),
    );
    this.#toReplace.set(index, { total: left.length, left: left.reverse() });
    this.#replaceNext(index);
  }

  #replaceNext(index: number): void {
    const action = this.#actions[index]!;
    const { left } = this.#toReplace.get(index)!;
    // Pods that somebody else has deleted since need no replacement.
    let next = left.pop();
    while (next !== undefined && !this.#targets.replicaSets.isLive(next.pod)) next = left.pop();
    if (next === undefined || action.kind !== 'replaceEach') return;
    this.#targets.replicaSets.replaceAtOnce(next.service, next.pod);
    const nextNs = this.#simulation.nowNs + action.intervalNs;
    if (nextNs <= this.#endNs) this.#simulation.schedule(nextNs, this.#replaceNextKind, index);
  }

  #changePods(group: string, change: PodChange, failure: ProbeFailure): void {
    const services = this.#servicesOf(group);
    const without = services.filter((service) => !this.#changePod(service, change, failure)).length;
    if (without === 0) return;
    const what = {
      notReady: 'turn unready',
      ready: 'turn ready again',
      replace: 'replace',
      leave: 'take out of the service',
      join: 'bring back into the service',
    }[change];
    this.warnings.push(`${without} of ${services.length} services of "${group}" had no pod to ${what}.`);
  }

  /** Whether there was a pod to change. */
  #changePod(service: number, change: PodChange, failure: ProbeFailure): boolean {
    const { replicaSets, lifecycle, labels } = this.#targets;
    const replicas = replicaSets.replicas(service);
    switch (change) {
      case 'replace': {
        const pod = replicas[0];
        if (pod !== undefined) replicaSets.replaceAtOnce(service, pod);
        return pod !== undefined;
      }
      case 'leave':
      case 'join': {
        const isSelected = change === 'join';
        const pod = replicas.find((candidate) => labels.isSelected(candidate) !== isSelected);
        if (pod !== undefined) labels.setSelected(pod, isSelected);
        return pod !== undefined;
      }
      case 'ready':
      case 'notReady': {
        const isReady = change === 'ready';
        const pod = replicas.find((candidate) => lifecycle.canTurn(candidate, isReady));
        if (pod !== undefined) lifecycle.setReady(pod, isReady, failure);
        return pod !== undefined;
      }
    }
  }

  /** The POST of the service is sent now; its pods are there already. */
  #createService(service: number): void {
    const latencyNs = this.#creationLatency.ns(service, 0);
    this.#targets.serviceClient.write(
      0,
      'services',
      this.#simulation.nowNs,
      latencyNs,
      this.#serviceCreatedKind,
      service,
    );
  }

  /** The informer shows a new service; its creation is what its first endpoint objects date from. */
  #onServiceSeen(service: number): void {
    const { absentServices, controller, replicaSets, onServiceCreated } = this.#targets;
    const createdNs = this.#simulation.nowNs - this.#watchLatencyNs;
    absentServices.delete(service);
    controller.serviceCreated(service, replicaSets.replicas(service), createdNs);
    onServiceCreated(service, createdNs);
  }

  #failOverControllerManager(): void {
    if (this.#targets.controllerManager.failOver()) return;
    this.warnings.push(
      'A controller manager was to crash while there was none: the one before had not been replaced yet.',
    );
  }

  #servicesOf(group: string): number[] {
    const { first, end } = this.#targets.services.range(group);
    return Array.from({ length: end - first }, (_, index) => first + index);
  }

  #servicesOfGroupsOrAll(groups: readonly string[]): number[] {
    const names = groups.length > 0 ? groups : this.#targets.services.groups.map(({ name }) => name);
    return names.flatMap((name) => this.#servicesOf(name));
  }
}

/** Services that some action creates: they are not there before. */
export function servicesToBeCreated(actions: readonly WorkloadAction[], services: ServiceTable): Set<number> {
  const absent = new Set<number>();
  for (const action of actions) {
    if (action.kind !== 'createService') continue;
    const { first, end } = services.range(action.service);
    for (let service = first; service < end; service++) absent.add(service);
  }
  return absent;
}

function shareReplaced({ total, left }: Replacements): number {
  return 1 - left.length / Math.max(1, total);
}
