/** How far a run is, for those who wait for it. */

import type { ReplicationOutcome, ReplicationTask } from './executor.js';

export interface RunProgress {
  readonly replicationsDone: number;
  /** As planned so far: precision may ask for more rounds. */
  readonly replicationsPlanned: number;
  /** `replicationsDone` and the shares of those that run. */
  readonly workDone: number;
  readonly events: number;
  /** Of finished replications. */
  readonly deliveries: number;
}

/** Adds up what is done and what runs, and publishes the sum whenever it changes. */
export class ProgressTracker {
  readonly #publish: ((progress: RunProgress) => void) | undefined;
  readonly #running = new Map<ReplicationTask, { readonly fraction: number; readonly events: number }>();
  #planned = 0;
  #done = 0;
  #events = 0;
  #deliveries = 0;

  constructor(publish: ((progress: RunProgress) => void) | undefined) {
    this.#publish = publish;
  }

  plan(tasks: number): void {
    this.#planned += tasks;
  }

  running(task: ReplicationTask, fraction: number, events: number): void {
    this.#running.set(task, { fraction, events });
    this.#publish?.(this.#sum());
  }

  done(task: ReplicationTask, outcome: ReplicationOutcome): void {
    this.#running.delete(task);
    this.#done++;
    if (outcome.ok) {
      this.#events += outcome.measurements.events;
      this.#deliveries += outcome.measurements.deliveries;
    }
    this.#publish?.(this.#sum());
  }

  #sum(): RunProgress {
    let workDone = this.#done;
    let events = this.#events;
    for (const running of this.#running.values()) {
      workDone += running.fraction;
      events += running.events;
    }
    return {
      replicationsDone: this.#done,
      replicationsPlanned: this.#planned,
      workDone,
      events,
      deliveries: this.#deliveries,
    };
  }
}
