/**
 * The resync of a shared informer (client-go tools/cache): every so often its handlers hear of every object once more.
 *
 *   every period --> onResync: each service is queued again, without a request to the API
 *
 * The period of the controller manager's informers is --min-resync-period x U[1, 2), one draw for the whole process. A handler
 * may ask for a fixed period of its own. The informers start with the run, so the first resync comes one period into it:
 * a run that is shorter than the period (12 to 24 h by default) has none, and no event of any.
 *
 * A resync by itself must not keep a run going for ever. Within the duration of a scenario all fire. Beyond it, or without
 * one, a resync fires only if it is due while other work is pending, and only as long as the workload is not done; whoever runs
 * the simulation asks for that by `arm`.
 *
 * Left out: the coarser check period of an informer with several handlers.
 */

import type { EventHandle, EventKind, Simulation } from '../../kernel/simulation.js';
import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { Controller } from './controller-manager.js';

export interface ResyncParameters {
  /** --min-resync-period; 0: never. */
  readonly minResyncPeriodNs: number;
  /** Period that the handler asks for, which is not drawn; null: that of the informers. */
  readonly handlerPeriodNs: number | null;
}

const NO_EVENT = -1;

export class InformerResync implements Controller {
  readonly name = 'informers';
  readonly #simulation: Simulation;
  readonly #parameters: ResyncParameters;
  readonly #durationNs: number;
  readonly #onResync: () => void;
  readonly #hash: CounterHash;
  readonly #kind: EventKind;
  #process = 0;
  #periodNs = Infinity;
  #dueNs = Infinity;
  #event: EventHandle = NO_EVENT;

  /** `durationNs`: up to here resyncs fire in any case; 0 when the scenario has no duration. */
  constructor(
    simulation: Simulation,
    parameters: ResyncParameters,
    durationNs: number,
    onResync: () => void,
    streams: RandomStreams,
  ) {
    this.#simulation = simulation;
    this.#parameters = parameters;
    this.#durationNs = durationNs;
    this.#onResync = onResync;
    this.#hash = streams.hash('informer-resync-period');
    this.#kind = simulation.registerKind('informer: resync', () => this.#onDue());
    this.start();
  }

  /** When the next resync is due; Infinity: never. */
  get dueNs(): number {
    return this.#dueNs;
  }

  /**
   * There is work to do, and the run is about to go on until `untilNs`. Returns how far it may go before it asks again: to just
   * before a resync that is due by then, which fires if there is still work to do at that point.
   */
  arm(untilNs: number): number {
    if (this.#event !== NO_EVENT || this.#dueNs > untilNs) return untilNs;
    if (this.#simulation.nowNs < this.#dueNs - 1) return this.#dueNs - 1;
    this.#schedule();
    return untilNs;
  }

  /** The process is gone. */
  stop(): void {
    if (this.#event !== NO_EVENT) this.#simulation.cancel(this.#event);
    this.#event = NO_EVENT;
    this.#dueNs = Infinity;
  }

  /** A process starts its informers now. */
  start(): void {
    const { minResyncPeriodNs, handlerPeriodNs } = this.#parameters;
    const drawnNs = Math.round(minResyncPeriodNs * (1 + this.#hash.uniform(this.#process++, 0)));
    this.#periodNs = (handlerPeriodNs ?? drawnNs) || Infinity;
    this.#dueNs = this.#simulation.nowNs + this.#periodNs;
    if (this.#dueNs <= this.#durationNs) this.#schedule();
  }

  #schedule(): void {
    this.#event = this.#simulation.schedule(this.#dueNs, this.#kind);
  }

  #onDue(): void {
    this.#event = NO_EVENT;
    this.#dueNs += this.#periodNs;
    this.#onResync();
    if (this.#dueNs <= this.#durationNs) this.#schedule();
  }
}
