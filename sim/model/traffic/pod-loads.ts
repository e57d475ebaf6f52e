/**
 * How much each pod of a service gets, and how uneven that is.
 *
 *   flows: sets of endpoints with what each endpoint gets --+
 *   flows whose connections are kept open: what they carry --+--> load of every ready pod that accepts --> imbalance, nodes' loads
 *
 * Clients whose connections or requests are followed one by one count with the rates that the rules give them on average; what pods
 * get of these is measured where they are followed.
 */

import type { MetricName } from '../../metrics.js';
import { Histogram } from '../../stats/histogram.js';
import { imbalanceOf, shareAbove } from '../../stats/imbalance.js';
import { Acceptance } from './connection-routes.js';
import { flowLoads } from './flow-loads.js';
import type { ServiceTraffic } from './service-traffic.js';

/** The pods that are ready at the newest version and accept, and the requests per second of each. */
export interface PodLoads {
  readonly pods: readonly number[];
  readonly perSecond: Float64Array;
}

/** As the rules of nodes send requests now. */
export function podLoads(traffic: ServiceTraffic): PodLoads {
  const { acceptanceOf } = traffic.context;
  const pods = traffic.ready.filter((pod) => acceptanceOf(pod) === Acceptance.accepts);
  const perSecond = new Float64Array(pods.length);
  for (const flow of traffic.flows) {
    const kept = traffic.kept.get(flow);
    const ofFlow = kept === undefined ? flowLoads(traffic, flow, pods) : pods.map((pod) => kept.loadOf(pod));
    for (let place = 0; place < pods.length; place++) perSecond[place]! += ofFlow[place]!;
  }
  return { pods, perSecond };
}

/** Figures over services, from the loads of their pods. */
export class LoadFigures {
  readonly relative = new Histogram();
  readonly #sums: Partial<Record<MetricName, number>> = {};
  readonly #perSecondOfNode = new Map<number, number>();
  #services = 0;
  #withCapacity = 0;
  #overCapacity = 0;
  #podsOverCapacity = 0;

  /** `capacity`: requests per second of a pod; null: unknown. */
  add({ pods, perSecond }: PodLoads, nodeOf: (pod: number) => number, capacity: number | null): void {
    if (pods.length === 0) return;
    const figures = imbalanceOf(perSecond);
    this.#services++;
    this.#sum('pod_load_max_over_mean', figures.maxOverMean);
    this.#sum('pod_load_max_over_min', figures.maxOverMin);
    this.#sum('pod_load_cov', figures.coefficientOfVariation);
    this.#sum('pod_load_gini', figures.gini);
    this.#sum('pod_load_jain_index', figures.jainIndex);
    this.#sum('pod_load_hottest_share', figures.hottestShare);
    for (const [place, pod] of pods.entries()) {
      if (figures.mean > 0) this.relative.record(perSecond[place]! / figures.mean);
      const node = nodeOf(pod);
      if (node >= 0) this.#perSecondOfNode.set(node, (this.#perSecondOfNode.get(node) ?? 0) + perSecond[place]!);
    }
    if (capacity === null) return;
    const above = shareAbove(perSecond, capacity);
    this.#withCapacity++;
    this.#podsOverCapacity += above;
    if (above > 0) this.#overCapacity++;
  }

  /** Means over the services; nothing without pods. */
  scalars(): Partial<Record<MetricName, number>> {
    if (this.#services === 0) return {};
    const means = Object.entries(this.#sums).map(([metric, sum]) => [metric, sum / this.#services]);
    return {
      ...(Object.fromEntries(means) as Partial<Record<MetricName, number>>),
      ...(this.#withCapacity > 0 && {
        pods_over_capacity_ratio: this.#podsOverCapacity / this.#withCapacity,
        services_over_capacity_ratio: this.#overCapacity / this.#withCapacity,
      }),
      ...(this.#perSecondOfNode.size > 0 && {
        node_load_max_over_mean: imbalanceOf([...this.#perSecondOfNode.values()]).maxOverMean,
      }),
    };
  }

  #sum(metric: MetricName, value: number): void {
    this.#sums[metric] = (this.#sums[metric] ?? 0) + value;
  }
}
