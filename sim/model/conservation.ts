/**
 * Laws that hold once everything is quiet, whatever the scenario. A violation is a fault of the simulator, and ends the run.
 *
 *  1. Every node has applied every write, once.
 *  2. Bytes sent are the sum over the writes of the frame times its watchers.
 *  3. What is published of a service is what its pods are: as many usable endpoints as ready pods, up to the cap.
 *  4. A network card is busy for no longer than the run took.
 */

import { PodState, type PodTable } from './cluster/pods.js';
import type { Discovery } from './controlplane/discovery.js';
import type { WatchFanOut } from './controlplane/watch-fan-out.js';
import type { KubeProxies } from './node/kube-proxies.js';

/** The state of a world that is quiet. */
export interface QuietWorld {
  readonly log: WatchFanOut;
  readonly kubeProxies: KubeProxies;
  readonly bytesCounted: number;
  readonly endNs: number;
  readonly pods: PodTable;
  readonly services: number;
  readonly discovery: Discovery;
  readonly absentServices: ReadonlySet<number>;
  /** False after a write was refused or given up: then the objects stay behind the pods, as they would. */
  readonly isPublished: boolean;
}

/** Throws an Error that names the first law that does not hold. */
export function checkConservation(world: QuietWorld): void {
  const { log, kubeProxies } = world;
  const nodes = kubeProxies.cursor.length;
  const late = kubeProxies.cursor.findIndex((cursor) => cursor !== log.length);
  if (late >= 0) violated(`node ${late} has applied ${kubeProxies.cursor[late]!} of ${log.length} writes`);
  if (kubeProxies.deliveries !== log.length * nodes) {
    violated(`${kubeProxies.deliveries} samples of ${log.length} writes on ${nodes} nodes`);
  }

  let bytes = 0;
  for (let entry = 0; entry < log.length; entry++) bytes += log.bytes[entry]! * log.watchers;
  if (bytes !== world.bytesCounted) violated(`${world.bytesCounted} bytes counted and ${bytes} sent`);
  for (const busyNs of log.networkBusyNs) {
    if (busyNs > world.endNs) violated(`a network card was busy for ${busyNs} ns of ${world.endNs}`);
  }

  if (world.isPublished) checkPublished(world);
}

function checkPublished({ pods, services, discovery, absentServices }: QuietWorld): void {
  const ready = new Int32Array(services);
  for (let pod = 0; pod < pods.count; pod++) {
    // Neither terminating nor gone.
    if (pods.condition[pod] === (PodState.hasAddress | PodState.ready)) ready[pods.service[pod]!]!++;
  }
  for (let service = 0; service < services; service++) {
    const expected = absentServices.has(service) ? 0 : Math.min(discovery.maxUsableEndpoints, ready[service]!);
    const published = discovery.usableEndpoints(service);
    if (published !== expected) {
      violated(`service ${service} has ${published} usable endpoints in its objects and ${expected} ready pods`);
    }
  }
}

function violated(what: string): never {
  throw new Error(`conservation violated: ${what}`);
}
