/** One replication: runs the world of a scenario and hands back its measurements as plain data. */

import { checkUtilizations } from '../model/conservation.js';
import { World } from '../model/world.js';
import type { Scenario } from '../model/scenario.js';
import type { ReplicationMeasurements } from './results.js';

/**
 * A pure function of its arguments: same scenario and replication, same result on any thread and machine.
 *
 * `onProgress` hears of the share of the workload that is done, and of the events so far.
 */
export function runReplication(
  scenario: Scenario,
  replication: number,
  onProgress?: (fraction: number, events: number) => void,
): ReplicationMeasurements {
  const world = new World(scenario, replication);
  world.run(onProgress);
  const { recorder, log, kubeProxies, simulation, startNs, endNs, watchOutcome } = world;
  const nodeTraffic = world.measureNodeTraffic();
  const traffic = world.endTraffic();
  const scalars = {
    ...recorder.scalars(log, kubeProxies, watchOutcome, startNs, endNs),
    ...world.utilizations(),
    ...world.sliceGauges,
    ...world.nodePortScalars(),
    ...world.nodesAndPods.scalars(),
    ...nodeTraffic.scalars,
    ...traffic.scalars,
  };
  checkUtilizations(scalars);
  const distributions = {
    ...recorder.distributions(log, kubeProxies),
    ...nodeTraffic.distributions,
    ...traffic.distributions,
    ...world.loadBalancers?.distributions(),
  };
  return {
    replication,
    distributions: mapValues(distributions, (histogram) => histogram.toSparse()),
    scalars,
    series: mapValues({ ...recorder.series(), ...traffic.series }, (series) => series.toJSON()),
    simulatedNs: endNs,
    events: simulation.eventsFired,
    deliveries: kubeProxies.deliveries,
    fingerprint: simulation.fingerprint,
    warnings: [...world.warnings, ...nodeTraffic.warnings],
  };
}

function mapValues<Key extends string, From, To>(
  record: Partial<Record<Key, From>>,
  convert: (value: From) => To,
): Partial<Record<Key, To>> {
  return Object.fromEntries(
    Object.entries<From | undefined>(record).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, convert(value)]],
    ),
  ) as Partial<Record<Key, To>>;
}
