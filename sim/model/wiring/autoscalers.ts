/**
 * The horizontal pod autoscalers with the Deployments that they scale.
 *
 *   pod life cycle --> loads --> Autoscalers --PUT scale--> Deployments --> ReplicaSets
 */

import { API_SERVER_COSTS } from '../versions/costs.js';
import { Autoscalers } from '../workload/horizontal-pod-autoscaler/autoscalers.js';
import type { PodLifecycle } from '../workload/pod-lifecycle.js';
import type { WorkloadControllers } from '../workload/workload-controllers.js';
import { type ApiContext, ns } from './context.js';

/** After all pods of the start are there; null: the scenario has no autoscalers. */
export function createAutoscalers(
  { simulation, scenario, streams, services, pods, apiServers, etcd }: ApiContext,
  lifecycle: PodLifecycle,
  { replicaSets, deployments }: Pick<WorkloadControllers, 'replicaSets' | 'deployments'>,
): Autoscalers | null {
  const { autoscalers, controlPlane, durationNs } = scenario;
  if (autoscalers.length === 0) return null;
  const created = new Autoscalers(
    simulation,
    autoscalers,
    services,
    pods,
    {
      desired: (service) => replicaSets.desired(service),
      replicas: (service) => replicaSets.replicas(service),
      scale: (service, replicas) => deployments.scale(service, replicas),
    },
    apiServers.client('horizontal-pod-autoscaler', 'workload-high'),
    etcd,
    {
      controllerManager: controlPlane.controllerManager,
      metricResolutionNs: controlPlane.metricsServer.metricResolutionNs,
      getLatencyNs: ns(API_SERVER_COSTS.getLatency.value),
      endNs: durationNs ?? Infinity,
    },
    streams,
  );
  lifecycle.onObserved((service, observed, change) =>
    created.loads.observe(service, observed, change, simulation.nowNs),
  );
  return created;
}
