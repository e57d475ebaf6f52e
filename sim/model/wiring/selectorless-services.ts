/**
 * Services without selector, wired into a world: who writes their addresses, and where nodes find them.
 *
 *   discovery by EndpointSlices: writer --PUT--> informer --> mirroring controller --> slices --> onCommit
 *   discovery by Endpoints:      writer --PUT--> the object itself --> onCommit
 *
 * Left out: as in hand-written-endpoints.ts and mirrored-slices.ts.
 */

import { HAND_WRITTEN } from '../cluster/services.js';
import type { Discovery } from '../controlplane/discovery.js';
import type { EndpointController, EndpointControllerObserver } from '../controlplane/endpoint-controller.js';
import { EndpointsObjects } from '../controlplane/endpoints-object.js';
import { MirroredSlices } from '../controlplane/mirrored-slices.js';
import type { EndpointObjectSize } from '../controlplane/wire-size.js';
import { CLIENT_DEFAULTS } from '../versions/rules.js';
import { HandWrittenEndpoints, type EndpointsPut } from '../workload/hand-written-endpoints.js';
import type { EndpointContext } from './context.js';
import { handWrittenSize } from './create-discovery.js';
import { createEndpointController } from './endpoint-controllers.js';

export interface SelectorlessServices {
  readonly writer: HandWrittenEndpoints;
  /** What nodes watch of these services. */
  readonly discovery: Discovery;
  /** null: nodes watch the Endpoints themselves. */
  readonly mirroringController: EndpointController | null;
}

/** null: all services have a selector. `observer` hears of the writes that nodes watch, and of those that are refused. */
export function createSelectorlessServices(
  context: EndpointContext,
  observer: EndpointControllerObserver,
): SelectorlessServices | null {
  const { scenario, services, pods, watchLatencyNs } = context;
  if (scenario.services.every(({ selector }) => selector)) return null;
  const portsOf = (service: number): number => services.shapeOf(service).ports;
  const endpointsSize = handWrittenSize(scenario.wire, 'Endpoints');
  if (scenario.kubeProxy.discovery === 'Endpoints') {
    // No controller writes these objects, so none truncates them.
    const direct = new EndpointsObjects(pods, services.count, {
      maxAddresses: null,
      settingsOf: () => HAND_WRITTEN,
      portsOf,
      sizeOf: (_family, _isTruncated, ports) => endpointsSize(ports),
    });
    const writer = createWriter(context, endpointsSize, 0, observer, (put) => publish(direct, put, observer));
    return { writer, discovery: direct, mirroringController: null };
  }
  const { mirroringMaxEndpointsPerSubset } = scenario.controlPlane.controllerManager;
  const sliceSize = handWrittenSize(scenario.wire, 'EndpointSlice');
  const mirrored = new MirroredSlices(pods, (service) => sliceSize(portsOf(service)), mirroringMaxEndpointsPerSubset);
  const controller = createEndpointController(context, 'endpointSliceMirroring', mirrored, observer);
  const writer = createWriter(context, endpointsSize, watchLatencyNs, observer, (put) =>
    controller.podsChanged(put.service, put.rows, put),
  );
  return { writer, discovery: mirrored, mirroringController: controller };
}

function createWriter(
  { simulation, services, pods, apiServers, etcd }: EndpointContext,
  endpointsSize: (ports: number) => EndpointObjectSize,
  informerLatencyNs: number,
  observer: EndpointControllerObserver,
  onObserved: (put: EndpointsPut) => void,
): HandWrittenEndpoints {
  return new HandWrittenEndpoints(
    simulation,
    services.count,
    pods,
    apiServers.client('endpoints-operator', 'workload-low'),
    etcd,
    (service) => endpointsSize(services.shapeOf(service).ports),
    {
      kubeApiQps: CLIENT_DEFAULTS.kubeApiQps.value,
      kubeApiBurst: CLIENT_DEFAULTS.kubeApiBurst.value,
      informerLatencyNs,
    },
    { onObserved, onRejected: (service, bytes) => observer.onRejected(service, bytes) },
  );
}

/** Nodes watch the object itself: its PUT is the write that reaches them, and no controller stands before it. */
function publish(
  discovery: Discovery,
  { service, changeNs, sentNs, latencyNs, rows }: EndpointsPut,
  observer: EndpointControllerObserver,
): void {
  for (const write of discovery.plan(service, rows)) {
    discovery.apply(service, write);
    observer.onCommit({
      service,
      write,
      changeNs,
      changeCommittedNs: changeNs,
      firstQueuedNs: changeNs,
      firstStartNs: changeNs,
      syncStartNs: changeNs,
      sentNs,
      latencyNs,
      triggerNs: null,
    });
  }
}
