/**
 * The service controller (k8s.io/cloud-provider controllers/service): makes a load balancer for each new service of type
 * LoadBalancer, which takes the call of a provider.
 *
 *   service created --> queue --> one of n workers: call of the provider --ok--> status written --> it has its address
 *                         ^----- back-off 5 s, 10 s, ... 300 s <--failed--|
 *
 * A worker waits for its call, so S services that are created at once and take D each are done after about S D / n.
 *
 * Left out: the finalizer and the events of a service, changes and deletions of services, limits of its client and of the
 * provider's API, its leader election.
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import { DelayingQueue } from './delaying-queue.js';
import { ItemExponentialFailureRateLimiter } from './rate-limiters.js';

export interface ServiceControllerParameters {
  /** Services are 0 to services - 1. */
  readonly services: number;
  /** --concurrent-service-syncs. */
  readonly workers: number;
  readonly minRetryDelayNs: number;
  readonly maxRetryDelayNs: number;
}

/** What makes load balancers; attempts are counted from 0. */
export interface LoadBalancerProvisioner {
  /** How long the call takes. */
  callNs(service: number, attempt: number): number;
  fails(service: number, attempt: number): boolean;
}

/** Hears when a service has its address, and when the service was created. */
export type ProvisionedListener = (service: number, createdNs: number) => void;

export class ServiceController {
  readonly #simulation: Simulation;
  readonly #provisioner: LoadBalancerProvisioner;
  readonly #writeStatus: (service: number, written: EventKind) => void;
  readonly #queue: DelayingQueue;
  readonly #calledKind: EventKind;
  readonly #writtenKind: EventKind;
  readonly #createdNs: Float64Array;
  readonly #attempts: Uint32Array;
  readonly #listeners: ProvisionedListener[] = [];
  #idleWorkers: number;

  /** `writeStatus` has `written` fire with the service once status.loadBalancer is stored. */
  constructor(
    simulation: Simulation,
    { services, workers, minRetryDelayNs, maxRetryDelayNs }: ServiceControllerParameters,
    provisioner: LoadBalancerProvisioner,
    writeStatus: (service: number, written: EventKind) => void,
  ) {
    this.#simulation = simulation;
    this.#provisioner = provisioner;
    this.#writeStatus = writeStatus;
    this.#idleWorkers = workers;
    this.#createdNs = new Float64Array(services);
    this.#attempts = new Uint32Array(services);
    this.#queue = new DelayingQueue(
      simulation,
      'service-controller',
      services,
      () => new ItemExponentialFailureRateLimiter(services, minRetryDelayNs, maxRetryDelayNs),
      () => this.#work(),
    );
    this.#calledKind = simulation.registerKind('service-controller: provider called', (service) =>
      this.#onCalled(service),
    );
    this.#writtenKind = simulation.registerKind('service-controller: status written', (service) =>
      this.#onWritten(service),
    );
  }

  onProvisioned(listener: ProvisionedListener): void {
    this.#listeners.push(listener);
  }

  /** The informer shows a new service of type LoadBalancer, which was created at `createdNs`. */
  serviceCreated(service: number, createdNs: number): void {
    this.#createdNs[service] = createdNs;
    this.#queue.add(service);
  }

  #work(): void {
    while (this.#idleWorkers > 0) {
      const service = this.#queue.take();
      if (service < 0) return;
      this.#idleWorkers--;
      const callNs = this.#provisioner.callNs(service, this.#attempts[service]!);
      this.#simulation.schedule(this.#simulation.nowNs + callNs, this.#calledKind, service);
    }
  }

  #onCalled(service: number): void {
    if (!this.#provisioner.fails(service, this.#attempts[service]!++)) {
      this.#writeStatus(service, this.#writtenKind);
      return;
    }
    this.#queue.addRateLimited(service);
    this.#release(service);
  }

  #onWritten(service: number): void {
    this.#queue.forget(service);
    for (const listener of this.#listeners) listener(service, this.#createdNs[service]!);
    this.#release(service);
  }

  #release(service: number): void {
    this.#queue.done(service);
    this.#idleWorkers++;
    this.#work();
  }
}
