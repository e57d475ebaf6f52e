/**
 * Services without selector, wired into a world: who writes their addresses, and where nodes find them.
 *
 *   discovery by EndpointSlices: writer --PUT--> informer --> mirroring controller --> slices --> onCommit
 *   discovery by Endpoints:      writer --PUT--> the object itself --> onCommit
 *
 * Left out: as in hand-written-endpoints.ts and mirrored-slices.ts.
 */

import type { Simulation } from '../kernel/simulation.js';
import type { PodTable } from './cluster/pods.js';
import { HAND_WRITTEN } from './cluster/services.js';
import type { ApiServers } from './controlplane/api-servers.js';
import type { Discovery } from './controlplane/discovery.js';
import type { CommittedWrite, EndpointController } from './controlplane/endpoint-controller.js';
import { EndpointsObjects } from './controlplane/endpoints-object.js';
import type { Etcd } from './controlplane/etcd.js';
import { MirroredSlices } from './controlplane/mirrored-slices.js';
import type { EndpointObjectSize } from './controlplane/wire-size.js';
import type { Scenario } from './scenario.js';
import { CLIENT_DEFAULTS } from './versions/rules.js';
import { HandWrittenEndpoints, type EndpointsPut } from './workload/hand-written-endpoints.js';

export interface SelectorlessServices {
  readonly writer: HandWrittenEndpoints;
  /** What nodes watch of these services. */
  readonly discovery: Discovery;
  /** null: nodes watch the Endpoints themselves. */
  readonly mirroringController: EndpointController | null;
}

/** The world around them. */
export interface SelectorlessContext {
  readonly simulation: Simulation;
  readonly services: number;
  readonly pods: PodTable;
  readonly apiServers: ApiServers;
  readonly etcd: Etcd;
  /** From a commit to a controller's informer. */
  readonly watchLatencyNs: number;
  /** Sizes of objects with bare addresses. */
  readonly endpointsSize: EndpointObjectSize;
  readonly sliceSize: EndpointObjectSize;
  readonly mirroringController: (discovery: Discovery) => EndpointController;
  /** A write that nodes watch was committed now. */
  readonly onCommit: (committed: CommittedWrite) => void;
  readonly onRejected: () => void;
}

export function createSelectorlessServices(scenario: Scenario, context: SelectorlessContext): SelectorlessServices {
  const { pods, services, endpointsSize, onCommit } = context;
  if (scenario.kubeProxy.discovery === 'Endpoints') {
    // No controller writes these objects, so none truncates them.
    const discovery = new EndpointsObjects(pods, services, {
      maxAddresses: null,
      settingsOf: () => HAND_WRITTEN,
      sizeOf: () => endpointsSize,
    });
    const writer = createWriter(context, 0, (put) => publish(discovery, put, onCommit));
    return { writer, discovery, mirroringController: null };
  }
  const { mirroringMaxEndpointsPerSubset } = scenario.controlPlane.controllerManager;
  const discovery = new MirroredSlices(pods, context.sliceSize, mirroringMaxEndpointsPerSubset);
  const controller = context.mirroringController(discovery);
  const writer = createWriter(context, context.watchLatencyNs, (put) =>
    controller.podsChanged(put.service, put.rows, put),
  );
  return { writer, discovery, mirroringController: controller };
}

function createWriter(
  { simulation, services, pods, apiServers, etcd, endpointsSize, onRejected }: SelectorlessContext,
  informerLatencyNs: number,
  onObserved: (put: EndpointsPut) => void,
): HandWrittenEndpoints {
  return new HandWrittenEndpoints(
    simulation,
    services,
    pods,
    apiServers.client('endpoints-operator', 'workload-low'),
    etcd,
    endpointsSize,
    {
      kubeApiQps: CLIENT_DEFAULTS.kubeApiQps.value,
      kubeApiBurst: CLIENT_DEFAULTS.kubeApiBurst.value,
      informerLatencyNs,
    },
    { onObserved, onRejected },
  );
}

/** Nodes watch the object itself: its PUT is the write that reaches them, and no controller stands before it. */
function publish(
  discovery: Discovery,
  { service, changeNs, sentNs, latencyNs, rows }: EndpointsPut,
  onCommit: (committed: CommittedWrite) => void,
): void {
  for (const write of discovery.plan(service, rows)) {
    discovery.apply(service, write);
    onCommit({
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
