/**
 * The node ports that the services of a run take.
 *
 *   scenario, services, those that were never created --> demands in order of creation --> allocateNodePorts --> scalars
 *
 * They bear on nothing else in the run, so they are handed out when it is over.
 */

import type { MetricName } from '../../metrics.js';
import { nodePortRange } from '../cluster/allocation-bands.js';
import { allocateNodePorts, type NodePortDemand } from '../cluster/node-port-allocation.js';
import { hasNodePort, nodePortsOf } from '../cluster/service-shape.js';
import type { ServiceSettings } from '../scenario.js';
import { ON_BY_DEFAULT_SINCE } from '../versions/features.js';
import { minorOf } from '../versions/profiles.js';
import type { ClusterContext } from './context.js';

/** Nothing when no service has a node port. `absent`: services that do not exist, or not yet. */
export function nodePortScalars(
  { scenario, services, streams }: ClusterContext,
  absent: ReadonlySet<number>,
): Partial<Record<MetricName, number>> {
  if (!scenario.services.some(({ shape }) => nodePortsOf(shape) > 0)) return {};
  const { kubernetes, controlPlane, workload } = scenario;
  const hasStaticBand = minorOf(kubernetes) >= ON_BY_DEFAULT_SINCE.serviceNodePortStaticSubrange.value;
  const range = nodePortRange(controlPlane.apiServer.serviceNodePortRange, hasStaticBand);
  const stream = streams.stream('node-ports');

  const createdNs = new Map(
    workload.flatMap((action) => (action.kind === 'createService' ? [[action.service, action.atNs] as const] : [])),
  );
  const inOrder = scenario.services.toSorted((a, b) => (createdNs.get(a.name) ?? 0) - (createdNs.get(b.name) ?? 0));
  const demands = inOrder.flatMap((settings) => {
    const { first, end } = services.range(settings.name);
    const demand = demandOf(settings);
    return Array.from({ length: end - first }, (_, index) => first + index).flatMap((service) =>
      absent.has(service) ? [] : [demand],
    );
  });
  const use = allocateNodePorts(range, demands, (bound) => stream.integerBelow(bound));
  return {
    node_ports_allocated: use.allocated,
    node_ports_range_utilization: use.allocated / range.size,
    ...(scenario.services.some(({ manualNodePorts }) => manualNodePorts) && {
      node_port_choices_refused_total: use.refused,
      node_port_refusal_probability: use.refusalProbability,
    }),
  };
}

function demandOf({ shape, manualNodePorts }: ServiceSettings): NodePortDemand {
  const chosen = manualNodePorts && hasNodePort(shape) ? shape.ports : 0;
  return { chosen, automatic: nodePortsOf(shape) - chosen };
}
