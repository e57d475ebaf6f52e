/**
 * The process of the controllers, for a cluster of this size.
 *
 *   objects in the informers, lease settings --> ControllerManager <-- its controllers, in the order of registration
 */

import { type Controller, ControllerManager } from '../controlplane/controller-manager.js';
import { CONTROLLER_MANAGER_COSTS } from '../versions/costs.js';
import { type ApiContext, NS_PER_SECOND, ns } from './context.js';

export function createControllerManager(context: ApiContext, controllers: readonly Controller[]): ControllerManager {
  const { simulation, scenario, streams, nodes, services, pods, apiServers, etcd } = context;
  const { leaderElectLeaseDurationNs, leaderElectRetryPeriodNs } = scenario.controlPlane.controllerManager;
  const manager = new ControllerManager(
    simulation,
    apiServers,
    etcd,
    {
      leaseDurationNs: leaderElectLeaseDurationNs,
      retryPeriodNs: leaderElectRetryPeriodNs,
      listBaseNs: ns(CONTROLLER_MANAGER_COSTS.listBase.value),
      listPerObjectNs: CONTROLLER_MANAGER_COSTS.listPerObject.value * NS_PER_SECOND,
    },
    // A service has about one endpoint object of its own; pods that are gone are counted with them.
    () => nodes.count + 2 * services.count + pods.count,
    streams,
  );
  for (const controller of controllers) manager.register(controller);
  return manager;
}
