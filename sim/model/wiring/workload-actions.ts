/**
 * The scripted workload, with all that its actions act on.
 *
 *   actions --> controllers, load balancers, pod life cycle and labels, node faults, watches, controller manager, etcd, API servers
 */

import type { ControllerManager } from '../controlplane/controller-manager.js';
import type { EndpointController } from '../controlplane/endpoint-controller.js';
import type { EtcdStore } from '../controlplane/etcd-store.js';
import type { WatchConnections } from '../controlplane/watch-connections.js';
import type { FaultRecovery } from '../fault-recovery.js';
import type { KubeProxyProcesses } from '../node/kube-proxy-processes.js';
import { WorkloadActions } from '../workload/actions.js';
import type { HandWrittenEndpoints } from '../workload/hand-written-endpoints.js';
import type { NodeFaults } from '../workload/node-faults.js';
import { PodLabels } from '../workload/pod-labels.js';
import type { PodLifecycle } from '../workload/pod-lifecycle.js';
import type { WorkloadControllers } from '../workload/workload-controllers.js';
import type { EndpointContext } from './context.js';
import type { LoadBalancers } from './load-balancers.js';

/** The parts of a world that are there when its workload is made. */
export interface WorkloadParts {
  readonly controllers: WorkloadControllers;
  readonly lifecycle: PodLifecycle;
  readonly nodeFaults: NodeFaults;
  readonly controller: EndpointController;
  readonly controllerManager: ControllerManager;
  /** null: every service selects its pods. */
  readonly handWritten: HandWrittenEndpoints | null;
  readonly etcdStore: EtcdStore;
  readonly watchConnections: WatchConnections;
  readonly kubeProxyProcesses: KubeProxyProcesses;
  readonly faultRecovery: FaultRecovery;
  /** null: no service has one. */
  readonly loadBalancers: LoadBalancers | null;
}

export function createWorkloadActions(context: EndpointContext, parts: WorkloadParts): WorkloadActions {
  const { simulation, scenario, streams, services, pods, apiServers, etcd } = context;
  const { controllers, lifecycle, watchConnections, faultRecovery } = parts;
  const newClient = () => apiServers.client('kubectl', 'global-default');
  return new WorkloadActions(
    simulation,
    scenario.workload,
    {
      services,
      replicaSets: controllers.replicaSets,
      deployments: controllers.deployments,
      nodeFaults: parts.nodeFaults,
      lifecycle,
      labels: new PodLabels(simulation, pods, lifecycle, newClient(), etcd),
      controller: parts.controller,
      controllerManager: parts.controllerManager,
      handWritten: parts.handWritten,
      watches: {
        restart: (server, forNs) => faultRecovery.followWatches(watchConnections.restart(server, forNs)),
        pause: (nodes, forNs, draw) => faultRecovery.followWatches(watchConnections.pause(nodes, forNs, draw)),
      },
      kubeProxies: parts.kubeProxyProcesses,
      nodes: scenario.cluster.nodes,
      absentServices: context.absentServices,
      onServiceCreated: (service, createdNs) => parts.loadBalancers?.serviceCreated(service, createdNs),
      serviceClient: newClient(),
      slowEtcd: (factor, forNs) => {
        const { nowNs } = simulation;
        parts.etcdStore.slowDown(factor, nowNs + forNs);
        faultRecovery.followWriters('slowEtcd', nowNs, nowNs + forNs);
      },
      apiServers,
    },
    etcd,
    context.watchLatencyNs,
    streams,
    scenario.durationNs ?? Infinity,
  );
}
