/**
 * The sync loop that the Endpoints and the EndpointSlice controller share
 * (pkg/controller/endpoint and pkg/controller/endpointslice).
 *
 *   informer: pod changed --> [batch period] --> delaying queue --> one of n workers:
 *       stale cache? --> back off (delaying-queue.ts)
 *       list pods, plan the writes --> each write: [client bucket qps/burst] --> API server, etcd --> committed
 *   every committed write --> onCommit (the watch fan-out)
 *
 * The batch period is a fixed window from the first pod event, not a debounce, and service events bypass it. A service
 * whose last write has not come back through the controller's own watch is stale, so changes of one service that follow each
 * other faster than the watch round trip wait. How that shows depends on the controller: see `StaleCache`.
 *
 * When the process dies, requests that have left it take effect all the same, and everything else is lost: queue, back-offs,
 * tracker, trigger times, tokens. The next process syncs every service once. What is still to be published it finds again,
 * but the trigger time of that first sync is the creation of the service, whatever changed and however long ago that is.
 *
 * Left out: events, deletion of services, a write of the old process that commits after the new one has started (it is taken
 * as lost: the time between is that of a lease).
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { PodTable } from '../cluster/pods.js';
import type { ApiClient, WatchedResource } from './api-servers.js';
import type { Controller } from './controller-manager.js';
import { DelayingQueue } from './delaying-queue.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import { isSelected } from './endpoint-membership.js';
import type { Etcd, WriteLatency } from './etcd.js';
import { controllerRateLimiter, type ControllerRateLimits } from './rate-limiters.js';
import {
  earliestChange,
  earliestOf,
  SERVICE_ITSELF,
  ServiceChanges,
  type ChangesByPod,
  type ServiceChange,
} from './service-changes.js';
import { TokenBucket } from './token-bucket.js';

export type { ServiceChange } from './service-changes.js';

/**
 * What a sync does when the informer does not show the controller's own last write yet:
 *
 *  - `checkedFirst`: an error before anything else (EndpointSlices)
 *  - `checkedLate`: an error after the trigger time was worked out, which is lost with it (Endpoints since about 1.31)
 *  - `conflict`: nothing; the write goes out, takes its token, and is refused with 409 (Endpoints before)
 *
 * In each case the key backs off.
 */
export type StaleCache = 'checkedFirst' | 'checkedLate' | 'conflict';

export interface EndpointControllerParameters extends ControllerRateLimits {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** --concurrent-endpoint-syncs or --concurrent-service-endpoint-syncs. */
  readonly workers: number;
  /** --endpoint-updates-batch-period or --endpointslice-updates-batch-period. */
  readonly batchPeriodNs: number;
  /** A key is dropped after this many failures in a row. */
  readonly maxRetries: number;
  readonly staleCache: StaleCache;
  /** Latency of the GET with which each sync reads its object from the API; null: objects come from an informer. */
  readonly getLatencyNs: number | null;
  /** From a commit to the informer's handlers in the controller manager. */
  readonly informerLatencyNs: number;
  /** Work before this is not counted: what the controller does before the workload begins is no part of it. */
  readonly measureFromNs: number;
  /** CPU time of a sync before its first write: fixed, and for each pod of the service. */
  readonly syncBaseNs: number;
  readonly syncPerEndpointNs: number;
}

/** A committed write with the stages that it passed. */
export interface CommittedWrite {
  readonly service: number;
  readonly write: PlannedWrite;
  readonly changeNs: number;
  readonly changeCommittedNs: number;
  /** When the service was queued for the first of the syncs that tried to publish the change, and when that sync began. */
  readonly firstQueuedNs: number;
  readonly firstStartNs: number;
  /** Start of the sync that did: the first one, unless that failed. */
  readonly syncStartNs: number;
  readonly sentNs: number;
  /** What an unloaded API server takes for the write; what it took beyond was waiting there. */
  readonly latencyNs: number;
  readonly triggerNs: number | null;
}

export interface EndpointControllerObserver {
  onCommit(committed: CommittedWrite): void;
  /** A write request that the API server answered without an event. */
  onUnchanged(): void;
  /** A write request over the size limit. */
  onRejected(service: number, bytes: number): void;
  /** A write request that was refused as it came from a stale cache. */
  onConflict(): void;
  onStaleSync(): void;
  /** A key was given up after the last retry. */
  onDropped(service: number): void;
}

/** A sync that a worker is at. */
interface Sync {
  readonly startNs: number;
  readonly changes: ChangesByPod;
  /** Earliest change of the whole sync, for writes that touch no changed pod (a deletion made by repacking). */
  readonly earliest: ServiceChange;
  readonly triggerNs: number | null;
  readonly writes: readonly PlannedWrite[];
  /** When the first try to sync these changes was put in the queue, and when it began: there are others after it that failed. */
  readonly firstQueuedNs: number;
  readonly firstStartNs: number;
  /** Made of a stale cache: it sends one write, which is refused. */
  readonly isStale: boolean;
  next: number;
  /** When the write under way leaves or left the client; NOT_SENT when none is under way. */
  sentNs: number;
  /** What an unloaded API server takes for it. */
  latencyNs: number;
}

const NOT_SENT = Infinity;
const NEVER = Infinity;
const NO_ANNOTATION = -1;
const BEFORE_THE_RUN = -1;

export class EndpointController implements Controller {
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #discovery: Discovery;
  readonly #etcd: Etcd;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: EndpointControllerParameters;
  readonly #observer: EndpointControllerObserver;
  readonly #api: ApiClient;
  readonly #resource: WatchedResource;
  readonly #absentServices: Pick<ReadonlySet<number>, 'has'>;
  readonly #bucket: TokenBucket;
  readonly #queue: DelayingQueue;
  readonly #changes: ServiceChanges;
  readonly #syncs: (Sync | null)[];
  /** When each service was created, or BEFORE_THE_RUN. */
  readonly #createdNs: Float64Array;
  /** Whether the trigger time tracker has never seen the service. */
  readonly #isNew: Uint8Array;
  /** When the informer will show the last write of the service. */
  readonly #visibleAtNs: Float64Array;
  readonly #writes: Int32Array;
  /** The trigger time that the Endpoints object of each service carries, or NO_ANNOTATION. */
  readonly #annotationNs: Float64Array;
  /** Of a service whose last syncs failed: when the first of them was queued, and when it began; otherwise NEVER. */
  readonly #firstQueuedNs: Float64Array;
  readonly #firstStartNs: Float64Array;
  /** Time that workers were at work, without what they waited for. */
  #workNs = 0;
  readonly #isListed = (pod: number): boolean => isSelected(this.#pods.observed[pod]!);

  readonly #caughtUpCallbacks: (() => void)[] = [];
  #idleWorkers: number;
  #isRunning = true;
  /** Number of the process: answers to requests of an earlier one carry another. */
  #process = 0;
  /** By service, syncs of a process that is gone whose write has left it. */
  readonly #orphans = new Map<number, Sync>();

  readonly #readKind: EventKind;
  readonly #plannedKind: EventKind;
  readonly #answeredKind: EventKind;

  /**
   * `absentServices` are those that the controller has nothing to do with: not there yet (a service leaves them before
   * `serviceCreated` is called), or the business of another controller.
   */
  constructor(
    simulation: Simulation,
    services: number,
    pods: PodTable,
    discovery: Discovery,
    api: ApiClient,
    etcd: Etcd,
    parameters: EndpointControllerParameters,
    observer: EndpointControllerObserver,
    absentServices: Pick<ReadonlySet<number>, 'has'>,
  ) {
    this.name = api.name;
    this.#simulation = simulation;
    this.#pods = pods;
    this.#discovery = discovery;
    this.#etcd = etcd;
    this.#writeLatency = etcd.writesOf('endpoint-controller');
    this.#parameters = parameters;
    this.#observer = observer;
    this.#api = api;
    this.#resource = discovery.kind === 'EndpointSlice' ? 'endpointslices' : 'endpoints';
    this.#absentServices = absentServices;
    this.#bucket = new TokenBucket(parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#idleWorkers = parameters.workers;
    this.#changes = new ServiceChanges(services);
    this.#syncs = Array.from({ length: services }, () => null);
    this.#createdNs = new Float64Array(services).fill(BEFORE_THE_RUN);
    this.#isNew = new Uint8Array(services);
    this.#visibleAtNs = new Float64Array(services);
    this.#writes = new Int32Array(services);
    this.#annotationNs = new Float64Array(services).fill(NO_ANNOTATION);
    this.#firstQueuedNs = new Float64Array(services).fill(NEVER);
    this.#firstStartNs = new Float64Array(services).fill(NEVER);
    const kind = this.name;
    this.#queue = new DelayingQueue(
      simulation,
      kind,
      services,
      () => controllerRateLimiter(services, parameters),
      () => this.#startWorkers(),
    );
    this.#readKind = simulation.registerKind(`${kind}: object read`, (service, process) =>
      this.#onRead(service, process),
    );
    this.#plannedKind = simulation.registerKind(`${kind}: writes planned`, (service, process) =>
      this.#onPlanned(service, process),
    );
    this.#answeredKind = simulation.registerKind(`${kind}: write answered`, (service, process) =>
      this.#onAnswered(service, process),
    );
  }

  /** The informer delivered a change in pods of the service, all in one API update. */
  podsChanged(service: number, pods: readonly number[], change: ServiceChange): void {
    for (const pod of pods) this.#changes.remember(service, pod, change);
    if (this.#isRunning) this.#queue.addAfter(service, this.#parameters.batchPeriodNs);
  }

  /** The informer delivered the creation of the service at `createdNs`: queued at once, without the batch period. */
  serviceCreated(service: number, pods: readonly number[], createdNs: number): void {
    this.#createdNs[service] = createdNs;
    this.#isNew[service] = 1;
    const creation: ServiceChange = { changeNs: createdNs, committedNs: createdNs, triggerNs: null };
    this.#changes.remember(service, SERVICE_ITSELF, creation);
    for (const pod of pods) this.#changes.remember(service, pod, creation);
    if (this.#isRunning) this.#queue.add(service);
  }

  /** Calls once when no service waits for a worker and none is at one: now, or when it comes to that. */
  onceCaughtUp(callback: () => void): void {
    if (this.#isCaughtUp) callback();
    else this.#caughtUpCallbacks.push(callback);
  }

  get #isCaughtUp(): boolean {
    return this.#queue.length === 0 && this.#idleWorkers === this.#parameters.workers;
  }

  /** Something that the objects of the service depend on changed now, beside its pods: queued at once. */
  serviceAffected(service: number): void {
    const nowNs = this.#simulation.nowNs;
    this.#changes.remember(service, SERVICE_ITSELF, { changeNs: nowNs, committedNs: nowNs, triggerNs: null });
    if (this.#isRunning) this.#queue.add(service);
  }

  /** Use of the controller's client, from 0 to 1. */
  get clientUtilization(): number {
    return this.#bucket.utilization;
  }

  /** Share of the workers that were at work until `endNs`; waiting for tokens and seats is no work. */
  workerUtilization(endNs: number): number {
    return this.#workNs / (this.#parameters.workers * Math.max(1, endNs - this.#parameters.measureFromNs));
  }

  /** The informer delivered every service once more: each is queued, without the batch period. */
  resync(): void {
    if (!this.#isRunning) return;
    for (let service = 0; service < this.#syncs.length; service++) {
      if (!this.#absentServices.has(service)) this.#queue.add(service);
    }
  }

  stop(): void {
    this.#isRunning = false;
    this.#process++;
    this.#idleWorkers = 0;
    this.#queue.clear();
    this.#firstStartNs.fill(NEVER);
    this.#syncs.forEach((sync, service) => {
      if (sync === null) return;
      this.#syncs[service] = null;
      this.#changes.putBack(service, sync.changes);
      if (sync.sentNs <= this.#simulation.nowNs) this.#orphans.set(service, sync);
    });
  }

  start(): void {
    this.#orphans.clear();
    this.#bucket.refill(this.#simulation.nowNs);
    this.#visibleAtNs.fill(0);
    this.#isNew.fill(1);
    this.#idleWorkers = this.#parameters.workers;
    this.#isRunning = true;
    this.resync();
  }

  #startWorkers(): void {
    while (this.#idleWorkers > 0) {
      const service = this.#queue.take();
      if (service < 0) return;
      this.#idleWorkers--;
      this.#startSync(service);
    }
  }

  #startSync(service: number): void {
    const { staleCache, getLatencyNs } = this.#parameters;
    const nowNs = this.#simulation.nowNs;
    if (this.#firstStartNs[service] === NEVER) {
      this.#firstQueuedNs[service] = this.#queue.addedNs(service);
      this.#firstStartNs[service] = nowNs;
    }
    // An object that is read from the API is never stale.
    const isStale = getLatencyNs === null && nowNs < this.#visibleAtNs[service]!;
    if (isStale && staleCache === 'checkedFirst') {
      this.#observer.onStaleSync();
      this.#finish(service, false);
      return;
    }
    const changes = this.#changes.take(service);
    const earliest = earliestChange(changes, this.#isListed, nowNs);
    const triggerNs = this.#triggerNs(service, earliest);
    if (isStale && staleCache === 'checkedLate') {
      this.#observer.onStaleSync();
      this.#changes.putBack(service, changes);
      this.#finish(service, false);
      return;
    }
    const pods = [...changes.keys()].filter((pod) => pod !== SERVICE_ITSELF);
    this.#syncs[service] = {
      startNs: nowNs,
      changes,
      earliest,
      triggerNs,
      // Planned here, from what the informer shows now; the time of the planning passes before the first write.
      writes: isStale ? [] : this.#discovery.plan(service, pods),
      firstQueuedNs: this.#firstQueuedNs[service]!,
      firstStartNs: this.#firstStartNs[service]!,
      isStale,
      next: 0,
      sentNs: NOT_SENT,
      latencyNs: 0,
    };
    if (getLatencyNs === null) {
      this.#plan(service, changes.size);
      return;
    }
    const sentNs = this.#bucket.reserve(nowNs);
    this.#api.read(0, sentNs, getLatencyNs, this.#readKind, service, this.#process);
  }

  /** The trigger time tracker's answer: the first time that it sees a service, that is the service's creation. */
  #triggerNs(service: number, { triggerNs }: ServiceChange): number | null {
    if (this.#isNew[service] === 0) return triggerNs;
    this.#isNew[service] = 0;
    const createdNs = this.#createdNs[service]!;
    // kube-proxies take no notice of trigger times from before their own start, which was before the run.
    return createdNs === BEFORE_THE_RUN ? null : createdNs;
  }

  #onRead(service: number, process: number): void {
    if (process === this.#process) this.#plan(service, this.#syncs[service]!.changes.size);
  }

  #plan(service: number, changes: number): void {
    const { syncBaseNs, syncPerEndpointNs } = this.#parameters;
    const endpoints = this.#discovery.publishedEndpoints(service) + changes;
    const planningNs = Math.round(syncBaseNs + syncPerEndpointNs * endpoints);
    this.#work(planningNs);
    this.#simulation.schedule(this.#simulation.nowNs + planningNs, this.#plannedKind, service, this.#process);
  }

  #onPlanned(service: number, process: number): void {
    if (process === this.#process) this.#sendNext(service, this.#syncs[service]!);
  }

  #sendNext(service: number, sync: Sync): void {
    if (sync.next === sync.writes.length && !sync.isStale) {
      this.#finish(service, true);
      return;
    }
    sync.sentNs = this.#bucket.reserve(this.#simulation.nowNs);
    // What is stale or too large is refused before it is stored.
    const requestBytes = sync.writes[sync.next]?.requestBytes ?? 0;
    const storedBytes = this.#etcd.accepts(requestBytes) ? requestBytes : 0;
    sync.latencyNs = this.#writeLatency.ns(service, this.#writes[service]!++, storedBytes);
    this.#work(sync.latencyNs);
    this.#api.write(
      0,
      this.#resource,
      sync.sentNs,
      sync.latencyNs,
      this.#answeredKind,
      service,
      this.#process,
      storedBytes,
    );
  }

  #work(durationNs: number): void {
    if (this.#simulation.nowNs >= this.#parameters.measureFromNs) this.#workNs += durationNs;
  }

  #onAnswered(service: number, process: number): void {
    if (process !== this.#process) {
      const orphan = this.#orphans.get(service);
      if (orphan === undefined) return;
      this.#orphans.delete(service);
      this.#execute(service, orphan);
      return;
    }
    const sync = this.#syncs[service]!;
    if (!this.#execute(service, sync)) {
      this.#changes.putBack(service, sync.changes);
      this.#finish(service, false);
      return;
    }
    sync.next++;
    sync.sentNs = NOT_SENT;
    this.#sendNext(service, sync);
  }

  /** The API server carries out the write under way; false when it refuses. */
  #execute(service: number, sync: Sync): boolean {
    if (sync.isStale) {
      this.#observer.onConflict();
      return false;
    }
    const write = sync.writes[sync.next]!;
    if (!this.#etcd.accepts(write.requestBytes)) {
      this.#observer.onRejected(service, write.requestBytes);
      return false;
    }
    this.#discovery.apply(service, write);
    // The annotation is set or removed in the same write, and is part of the object.
    const annotationNs = sync.triggerNs ?? NO_ANNOTATION;
    const isAnnotated = this.#annotationNs[service] !== annotationNs;
    this.#annotationNs[service] = annotationNs;
    if (!write.changesObject && !isAnnotated) {
      this.#observer.onUnchanged();
      return true;
    }
    this.#visibleAtNs[service] = this.#simulation.nowNs + this.#parameters.informerLatencyNs;
    const change = earliestOf(write.pods, sync.changes, sync.earliest);
    this.#observer.onCommit({
      service,
      write,
      changeNs: change.changeNs,
      changeCommittedNs: change.committedNs,
      firstQueuedNs: sync.firstQueuedNs,
      firstStartNs: sync.firstStartNs,
      syncStartNs: sync.startNs,
      sentNs: sync.sentNs,
      latencyNs: sync.latencyNs,
      triggerNs: sync.triggerNs,
    });
    return true;
  }

  #finish(service: number, succeeded: boolean): void {
    this.#syncs[service] = null;
    if (succeeded) {
      this.#queue.forget(service);
      this.#firstStartNs[service] = NEVER;
    } else if (this.#queue.numRequeues(service) < this.#parameters.maxRetries) {
      this.#queue.addRateLimited(service);
    } else {
      this.#queue.forget(service);
      this.#firstStartNs[service] = NEVER;
      this.#observer.onDropped(service);
    }
    this.#queue.done(service);
    this.#idleWorkers++;
    this.#startWorkers();
    if (this.#isCaughtUp) for (const callback of this.#caughtUpCallbacks.splice(0)) callback();
  }
}
