/**
 * The sync loop that the Endpoints and the EndpointSlice controller share
 * (pkg/controller/endpoint and pkg/controller/endpointslice).
 *
 *   informer: pod changed --> [batch period] --> work queue --> one of n workers:
 *       stale cache? --> back off
 *       list pods, plan the writes --> each write: [client bucket qps/burst] --> API server, etcd --> committed
 *   every committed write --> onCommit (the watch fan-out)
 *
 * The batch period is a fixed window from the first pod event, not a debounce, and service events bypass it. A service
 * whose last write has not come back through the controller's own watch is stale: the sync ends in an error and the key
 * backs off, so changes of one service that follow each other faster than the watch round trip wait.
 *
 * Left out: topology hints, mirroring, restarts and leader election, events, the 409 conflicts of Endpoints before 1.31
 * (the stale check stands for them), deletion of services.
 */

import type { Simulation } from '../../kernel/simulation.js';
import { PodState, type PodTable } from '../cluster/pods.js';
import type { ApiClient, WatchedResource } from './api-servers.js';
import type { Discovery, PlannedWrite } from './discovery.js';
import type { Etcd, WriteLatency } from './etcd.js';
import { TokenBucket } from './token-bucket.js';
import { WorkQueue } from './work-queue.js';

export interface EndpointControllerParameters {
  readonly kubeApiQps: number;
  readonly kubeApiBurst: number;
  /** --concurrent-endpoint-syncs or --concurrent-service-endpoint-syncs. */
  readonly workers: number;
  /** --endpoint-updates-batch-period or --endpointslice-updates-batch-period. */
  readonly batchPeriodNs: number;
  /** Back-off of a key after its first failure; doubles with each further one. */
  readonly retryBaseNs: number;
  readonly retryMaxNs: number;
  /** A key is dropped after this many failures in a row. */
  readonly maxRetries: number;
  /** The limiter shared by all keys that fail. */
  readonly retryQps: number;
  readonly retryBurst: number;
  /** From a commit to the informer's handlers in the controller manager. */
  readonly informerLatencyNs: number;
  /** CPU time of a sync before its first write: fixed, and for each pod of the service. */
  readonly syncBaseNs: number;
  readonly syncPerEndpointNs: number;
}

/** A change that a service's next sync will publish. */
export interface ServiceChange {
  /** When it truly happened. */
  readonly changeNs: number;
  /** When the API server had it. */
  readonly committedNs: number;
  /** What goes into the trigger time if this is the earliest: a Ready transition or the service's creation; else null. */
  readonly triggerNs: number | null;
}

/** A committed write with the stages that it passed. */
export interface CommittedWrite {
  readonly service: number;
  readonly write: PlannedWrite;
  readonly changeNs: number;
  readonly changeCommittedNs: number;
  readonly syncStartNs: number;
  readonly sentNs: number;
  readonly triggerNs: number | null;
}

export interface EndpointControllerObserver {
  onCommit(committed: CommittedWrite): void;
  /** A write request that the API server answered without an event. */
  onUnchanged(): void;
  /** A write request over the size limit. */
  onRejected(service: number, bytes: number): void;
  onStaleSync(): void;
  /** A key was given up after the last retry. */
  onDropped(service: number): void;
}

/** A sync that a worker is at. */
interface Sync {
  readonly startNs: number;
  readonly changes: Map<number, ServiceChange>;
  /** Earliest change of the whole sync, for writes that touch no changed pod (a deletion made by repacking). */
  readonly earliest: ServiceChange;
  readonly triggerNs: number | null;
  readonly writes: readonly PlannedWrite[];
  next: number;
  sentNs: number;
}

/** The service as a whole changed (it was created): kept beside the pods under this number. */
const SERVICE_ITSELF = -1;
const NOT_WAITING = Infinity;
const NO_CHANGE: ServiceChange = { changeNs: Infinity, committedNs: Infinity, triggerNs: null };

export class EndpointController {
  readonly #simulation: Simulation;
  readonly #pods: PodTable;
  readonly #discovery: Discovery;
  readonly #etcd: Etcd;
  readonly #writeLatency: WriteLatency;
  readonly #parameters: EndpointControllerParameters;
  readonly #observer: EndpointControllerObserver;
  readonly #api: ApiClient;
  readonly #resource: WatchedResource;
  readonly #bucket: TokenBucket;
  readonly #retryLimiter: TokenBucket;
  readonly #queue: WorkQueue;
  #idleWorkers: number;

  /** What each service's next sync will publish, by pod; null where nothing changed. */
  readonly #pending: (Map<number, ServiceChange> | null)[];
  readonly #syncs: (Sync | null)[];
  /** When a delayed add of the service is due, or NOT_WAITING. */
  readonly #delayedUntilNs: Float64Array;
  /** When the informer will show the last write of the service. */
  readonly #visibleAtNs: Float64Array;
  readonly #failures: Uint8Array;
  readonly #writes: Int32Array;

  readonly #delayedAdd: number;
  readonly #planned: number;
  readonly #committed: number;

  constructor(
    simulation: Simulation,
    services: number,
    pods: PodTable,
    discovery: Discovery,
    api: ApiClient,
    etcd: Etcd,
    parameters: EndpointControllerParameters,
    observer: EndpointControllerObserver,
  ) {
    this.#simulation = simulation;
    this.#pods = pods;
    this.#discovery = discovery;
    this.#etcd = etcd;
    this.#writeLatency = etcd.writesOf('endpoint-controller');
    this.#parameters = parameters;
    this.#observer = observer;
    this.#api = api;
    this.#resource = discovery.kind === 'EndpointSlice' ? 'endpointslices' : 'endpoints';
    this.#bucket = new TokenBucket(parameters.kubeApiQps, parameters.kubeApiBurst);
    this.#retryLimiter = new TokenBucket(parameters.retryQps, parameters.retryBurst);
    this.#queue = new WorkQueue(services);
    this.#idleWorkers = parameters.workers;
    this.#pending = Array.from({ length: services }, () => null);
    this.#syncs = Array.from({ length: services }, () => null);
    this.#delayedUntilNs = new Float64Array(services).fill(NOT_WAITING);
    this.#visibleAtNs = new Float64Array(services);
    this.#failures = new Uint8Array(services);
    this.#writes = new Int32Array(services);
    const name = discovery.kind;
    this.#delayedAdd = simulation.registerKind(`${name} controller: delayed add`, (service) =>
      this.#onDelayedAdd(service),
    );
    this.#planned = simulation.registerKind(`${name} controller: writes planned`, (service) =>
      this.#onPlanned(service),
    );
    this.#committed = simulation.registerKind(`${name} controller: write answered`, (service) =>
      this.#onAnswered(service),
    );
  }

  /** The informer delivered a change in pods of the service, all in one API update. */
  podsChanged(service: number, pods: readonly number[], change: ServiceChange): void {
    for (const pod of pods) this.#remember(service, pod, change);
    this.#addAfter(service, this.#parameters.batchPeriodNs);
  }

  /** The informer delivered the creation of the service: queued at once, without the batch period. */
  serviceCreated(service: number, pods: readonly number[], change: ServiceChange): void {
    this.#remember(service, SERVICE_ITSELF, change);
    for (const pod of pods) this.#remember(service, pod, { ...change, triggerNs: null });
    this.#addAfter(service, 0);
  }

  #remember(service: number, pod: number, change: ServiceChange): void {
    const pending = (this.#pending[service] ??= new Map<number, ServiceChange>());
    const earlier = pending.get(pod);
    pending.set(pod, earlier === undefined ? change : followChange(earlier, change));
  }

  /**
   * The earliest of the changes, and the earliest trigger time of those that the trigger time tracker sees: it looks at the
   * pods that the informer lists, so a pod that is gone has none.
   */
  #earliest(changes: ReadonlyMap<number, ServiceChange>): ServiceChange {
    let { changeNs, committedNs, triggerNs } = NO_CHANGE;
    for (const [pod, change] of changes) {
      if (change.changeNs < changeNs) ({ changeNs, committedNs } = change);
      const isListed = pod === SERVICE_ITSELF || (this.#pods.observed[pod]! & PodState.gone) === 0;
      if (!isListed || change.triggerNs === null) continue;
      triggerNs = triggerNs === null ? change.triggerNs : Math.min(triggerNs, change.triggerNs);
    }
    return { changeNs, committedNs, triggerNs };
  }

  /** AddAfter: of two delayed adds of one key the earlier one holds. */
  #addAfter(service: number, delayNs: number): void {
    if (delayNs <= 0) {
      this.#queue.add(service);
      this.#startWorkers();
      return;
    }
    const dueNs = this.#simulation.nowNs + delayNs;
    if (dueNs >= this.#delayedUntilNs[service]!) return;
    this.#delayedUntilNs[service] = dueNs;
    this.#simulation.schedule(dueNs, this.#delayedAdd, service);
  }

  #onDelayedAdd(service: number): void {
    // A later add that an earlier one has overtaken finds the slot empty or not yet due.
    if (this.#delayedUntilNs[service]! > this.#simulation.nowNs) return;
    this.#delayedUntilNs[service] = NOT_WAITING;
    this.#queue.add(service);
    this.#startWorkers();
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
    const nowNs = this.#simulation.nowNs;
    if (nowNs < this.#visibleAtNs[service]!) {
      this.#observer.onStaleSync();
      this.#finish(service, false);
      return;
    }
    const changes = this.#pending[service];
    this.#pending[service] = null;
    if (changes === null || changes === undefined) {
      this.#finish(service, true);
      return;
    }
    const earliest = this.#earliest(changes);
    const pods = [...changes.keys()].filter((pod) => pod !== SERVICE_ITSELF);
    this.#syncs[service] = {
      startNs: nowNs,
      changes,
      earliest,
      triggerNs: earliest.triggerNs,
      // Planned here, from what the informer shows now; the time of the planning passes before the first write.
      writes: this.#discovery.plan(service, pods),
      next: 0,
      sentNs: 0,
    };
    const { syncBaseNs, syncPerEndpointNs } = this.#parameters;
    const endpoints = this.#discovery.publishedEndpoints(service) + changes.size;
    this.#simulation.schedule(nowNs + Math.round(syncBaseNs + syncPerEndpointNs * endpoints), this.#planned, service);
  }

  #onPlanned(service: number): void {
    this.#sendNext(service, this.#syncs[service]!);
  }

  #sendNext(service: number, sync: Sync): void {
    if (sync.next === sync.writes.length) {
      this.#finish(service, true);
      return;
    }
    sync.sentNs = this.#bucket.reserve(this.#simulation.nowNs);
    const latencyNs = this.#writeLatency.ns(service, this.#writes[service]!++);
    this.#api.write(0, this.#resource, sync.sentNs, latencyNs, this.#committed, service);
  }

  #onAnswered(service: number): void {
    const sync = this.#syncs[service]!;
    const write = sync.writes[sync.next]!;
    if (!this.#etcd.accepts(write.requestBytes)) {
      this.#observer.onRejected(service, write.requestBytes);
      this.#fail(service, sync);
      return;
    }
    this.#discovery.apply(service, write);
    if (write.changesObject) {
      this.#visibleAtNs[service] = this.#simulation.nowNs + this.#parameters.informerLatencyNs;
      const change = earliestOf(write.pods, sync);
      this.#observer.onCommit({
        service,
        write,
        changeNs: change.changeNs,
        changeCommittedNs: change.committedNs,
        syncStartNs: sync.startNs,
        sentNs: sync.sentNs,
        triggerNs: sync.triggerNs,
      });
    } else {
      this.#observer.onUnchanged();
    }
    sync.next++;
    this.#sendNext(service, sync);
  }

  /** A write failed: the rest of the sync is abandoned and what it would have published is pending again. */
  #fail(service: number, sync: Sync): void {
    const pending = (this.#pending[service] ??= new Map<number, ServiceChange>());
    for (const [pod, change] of sync.changes) {
      const later = pending.get(pod);
      pending.set(pod, later === undefined ? change : followChange(change, later));
    }
    this.#finish(service, false);
  }

  #finish(service: number, succeeded: boolean): void {
    this.#syncs[service] = null;
    this.#queue.done(service);
    this.#idleWorkers++;
    if (succeeded) this.#failures[service] = 0;
    else this.#retry(service);
    this.#startWorkers();
  }

  /** AddRateLimited: the longer of the key's exponential back-off and the bucket that all failing keys share. */
  #retry(service: number): void {
    const { retryBaseNs, retryMaxNs, maxRetries } = this.#parameters;
    const failures = this.#failures[service]!;
    if (failures >= maxRetries) {
      this.#failures[service] = 0;
      this.#observer.onDropped(service);
      return;
    }
    this.#failures[service] = failures + 1;
    let backOffNs = retryBaseNs;
    for (let n = 0; n < failures && backOffNs < retryMaxNs; n++) backOffNs *= 2;
    const nowNs = this.#simulation.nowNs;
    const bucketNs = this.#retryLimiter.reserve(nowNs) - nowNs;
    this.#addAfter(service, Math.max(Math.min(backOffNs, retryMaxNs), bucketNs));
  }
}

/** Two changes of one pod: what happened first, and the trigger time of the last, as a pod has one transition time only. */
function followChange(before: ServiceChange, after: ServiceChange): ServiceChange {
  const { changeNs, committedNs } = before.changeNs <= after.changeNs ? before : after;
  return { changeNs, committedNs, triggerNs: after.triggerNs ?? before.triggerNs };
}

function earliestOf(pods: readonly number[], sync: Sync): ServiceChange {
  let earliest = NO_CHANGE;
  for (const pod of pods) {
    const change = sync.changes.get(pod);
    if (change !== undefined && change.changeNs < earliest.changeNs) earliest = change;
  }
  return earliest === NO_CHANGE ? sync.earliest : earliest;
}
