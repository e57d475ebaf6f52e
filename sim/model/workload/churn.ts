/**
 * Steady churn: somebody deletes pods at a given rate, and their ReplicaSets or StatefulSets make new ones.
 *
 *   arrivals (Poisson or regular) --> a pod, every one equally likely --> DELETE --informer--> its controller makes another
 *
 * Left out: churn that follows the load or the time of day.
 */

import { exponential } from '../../kernel/distributions.js';
import type { RandomStream, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { ReplicaSets } from './replica-sets.js';

export interface ChurnParameters {
  readonly podsPerSecond: number;
  readonly arrivals: 'poisson' | 'regular';
  /** Services whose pods are replaced. */
  readonly services: readonly number[];
  /** No deletion after this. */
  readonly endNs: number;
}

interface ActiveChurn extends ChurnParameters {
  readonly intervalNs: number;
  readonly arrivalStream: RandomStream;
  readonly choiceStream: RandomStream;
  /** cumulative[i]: pods of services[0] to services[i] when the churn starts; it is by these that services are chosen. */
  readonly cumulative: Float64Array;
}

const NS_PER_SECOND = 1e9;

export class Churn {
  readonly #simulation: Simulation;
  readonly #replicaSets: ReplicaSets;
  readonly #streams: RandomStreams;
  readonly #active = new Map<number, ActiveChurn>();
  readonly #arrivalKind: EventKind;

  constructor(simulation: Simulation, replicaSets: ReplicaSets, streams: RandomStreams) {
    this.#simulation = simulation;
    this.#replicaSets = replicaSets;
    this.#streams = streams;
    this.#arrivalKind = simulation.registerKind('churn: pod deleted', (index) => this.#onArrival(index));
  }

  /** Starts now; the first deletion comes one interval later. `index` keys the random streams. */
  start(index: number, parameters: ChurnParameters): void {
    let pods = 0;
    const cumulative = Float64Array.from(
      parameters.services,
      (service) => (pods += this.#replicaSets.replicas(service).length),
    );
    this.#active.set(index, {
      ...parameters,
      intervalNs: NS_PER_SECOND / parameters.podsPerSecond,
      arrivalStream: this.#streams.stream('churn-arrivals', index),
      choiceStream: this.#streams.stream('churn-choice', index),
      cumulative,
    });
    this.#scheduleNext(index);
  }

  #scheduleNext(index: number): void {
    const { arrivals, intervalNs, arrivalStream, endNs } = this.#active.get(index)!;
    const gapNs = arrivals === 'regular' ? intervalNs : exponential(arrivalStream.double(), intervalNs);
    const atNs = this.#simulation.nowNs + Math.max(1, Math.round(gapNs));
    if (atNs <= endNs) this.#simulation.schedule(atNs, this.#arrivalKind, index);
  }

  #onArrival(index: number): void {
    const { services, choiceStream, cumulative } = this.#active.get(index)!;
    // Both numbers are drawn at every arrival, so that the streams of two variants stay in step.
    const service = services[indexOf(cumulative, choiceStream.double() * (cumulative.at(-1) ?? 0))];
    const share = choiceStream.double();
    if (service !== undefined) {
      const replicas = this.#replicaSets.replicas(service);
      // Empty while the pods of a small service are being replaced: this deletion finds nothing.
      const pod = replicas[Math.floor(share * replicas.length)];
      if (pod !== undefined) this.#replicaSets.deleteByOther(service, pod);
    }
    this.#scheduleNext(index);
  }
}

/** First index whose cumulative count exceeds `position`. */
function indexOf(cumulative: Float64Array, position: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
