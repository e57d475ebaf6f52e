/**
 * The controllers that write endpoint objects, with the settings and rules of their kind.
 *
 *   kind --> name, workers, batch period, stale cache, retries --> EndpointController --> observer
 *   InformerResync --> resync of each of them
 *   readiness of a node --> NodeInformer --> hints
 */

import type { Discovery } from '../controlplane/discovery.js';
import {
  EndpointController,
  type EndpointControllerObserver,
  type EndpointControllerParameters,
  type StaleCache,
} from '../controlplane/endpoint-controller.js';
import { InformerResync } from '../controlplane/informer-resync.js';
import { NodeInformer } from '../controlplane/node-informer.js';
import type { Scenario } from '../scenario.js';
import { API_SERVER_COSTS, ENDPOINT_CONTROLLER_COSTS } from '../versions/costs.js';
import { ENDPOINT_CONTROLLER_RULES } from '../versions/rules.js';
import { type ClusterContext, type EndpointContext, NS_PER_SECOND, ns } from './context.js';

/** The names of the controllers' clients. */
const CONTROLLER_NAMES = {
  endpoints: 'endpoint-controller',
  endpointSlice: 'endpointslice-controller',
  endpointSliceMirroring: 'endpointslicemirroring-controller',
} as const;

export type EndpointControllerKind = keyof typeof CONTROLLER_NAMES;

/** What the setting for the Endpoints controller means to its sync. */
const STALE_ENDPOINTS_CACHE: Readonly<
  Record<Scenario['controlPlane']['controllerManager']['staleEndpointsCache'], StaleCache>
> = { 'back-off': 'checkedLate', conflict: 'conflict' };

/** The settings that the controllers have each for itself. */
type ParametersOfKind = Pick<EndpointControllerParameters, 'workers' | 'batchPeriodNs' | 'staleCache' | 'getLatencyNs'>;

export function createEndpointController(
  context: EndpointContext,
  kind: EndpointControllerKind,
  discovery: Discovery,
  observer: EndpointControllerObserver,
): EndpointController {
  const { simulation, scenario, services, pods, apiServers, etcd, absentServices } = context;
  const { controllerManager } = scenario.controlPlane;
  const rules = ENDPOINT_CONTROLLER_RULES[kind];
  return new EndpointController(
    simulation,
    services.count,
    pods,
    discovery,
    apiServers.client(CONTROLLER_NAMES[kind], 'workload-high'),
    etcd,
    {
      ...parametersOf(kind, controllerManager),
      kubeApiQps: controllerManager.kubeApiQps,
      kubeApiBurst: controllerManager.kubeApiBurst,
      retryBaseNs: ns(rules.retryBase.value),
      retryMaxNs: ns(rules.retryMax.value),
      maxRetries: ENDPOINT_CONTROLLER_RULES.maxRetries.value,
      retryQps: ENDPOINT_CONTROLLER_RULES.retryQps.value,
      retryBurst: ENDPOINT_CONTROLLER_RULES.retryBurst.value,
      informerLatencyNs: context.watchLatencyNs,
      measureFromNs: context.startNs,
      syncBaseNs: ns(ENDPOINT_CONTROLLER_COSTS.syncBase.value),
      syncPerEndpointNs: ENDPOINT_CONTROLLER_COSTS.syncPerEndpoint.value * NS_PER_SECOND,
    },
    observer,
    // Each service is the business of one controller: that of its pods, or that of its hand-written Endpoints.
    {
      has: (service) =>
        absentServices.has(service) || services.hasSelector(service) === (kind === 'endpointSliceMirroring'),
    },
  );
}

function parametersOf(
  kind: EndpointControllerKind,
  controllerManager: Scenario['controlPlane']['controllerManager'],
): ParametersOfKind {
  switch (kind) {
    case 'endpoints':
      return {
        workers: controllerManager.concurrentEndpointSyncs,
        batchPeriodNs: controllerManager.endpointUpdatesBatchPeriodNs,
        staleCache: STALE_ENDPOINTS_CACHE[controllerManager.staleEndpointsCache],
        getLatencyNs: controllerManager.endpointsFromInformer ? null : ns(API_SERVER_COSTS.getLatency.value),
      };
    case 'endpointSlice':
      return {
        workers: controllerManager.concurrentServiceEndpointSyncs,
        batchPeriodNs: controllerManager.endpointSliceUpdatesBatchPeriodNs,
        staleCache: 'checkedFirst',
        getLatencyNs: null,
      };
    case 'endpointSliceMirroring':
      return {
        workers: controllerManager.mirroringConcurrentServiceEndpointSyncs,
        // The period of this controller is for changes of slices by others; those of Endpoints are queued at once.
        batchPeriodNs: 0,
        staleCache: 'checkedFirst',
        getLatencyNs: null,
      };
  }
}

/** What the resync of services does in the endpoint controllers; the other controllers' objects have nothing to correct. */
export function createInformerResync(
  { simulation, scenario, streams }: ClusterContext,
  discovery: Discovery['kind'],
  controllers: readonly EndpointController[],
): InformerResync {
  const { controlPlane, durationNs } = scenario;
  const { minResyncPeriodNs, fullServiceResyncPeriodNs } = controlPlane.controllerManager;
  return new InformerResync(
    simulation,
    { minResyncPeriodNs, handlerPeriodNs: discovery === 'Endpoints' ? fullServiceResyncPeriodNs : null },
    durationNs ?? 0,
    () => {
      for (const controller of controllers) controller.resync();
    },
    streams,
  );
}

/** Who is told that the readiness of a node has changed: nobody, where no service has hints that depend on it. */
export function createNodeInformer(
  { simulation, services }: ClusterContext,
  watchLatencyNs: number,
  onChanged: () => void,
): () => void {
  if (services.groups.every(({ topologyMode }) => topologyMode !== 'Auto')) return () => {};
  const informer = new NodeInformer(simulation, watchLatencyNs, onChanged);
  return () => informer.onCommitted();
}
