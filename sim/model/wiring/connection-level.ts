/**
 * Clients whose connections are followed one by one, wired to what they meet.
 *
 *   scenario: clients with detail connection --> ConnectionLevel <-- routes by the rules of nodes, acceptance of pods
 */

import type { ConnectionRoutes } from '../traffic/connection-routes.js';
import { ConnectionLevel, type ConnectionPopulation } from '../traffic/connections/connection-level.js';
import { ConnectionMeasures } from '../traffic/connections/connection-measures.js';
import type { PodAcceptance } from '../traffic/pod-acceptance.js';
import type { ConntrackChance } from '../traffic/conntrack-chance.js';
import type { ServiceTraffic } from '../traffic/service-traffic.js';
import type { EventLevel } from '../traffic/traffic.js';
import type { TrafficTally } from '../traffic/traffic-tally.js';
import { choiceSettings, createConnectionOpener } from './connection-opener.js';
import type { ClusterContext } from './context.js';

/** null: no clients ask for it. */
export function createConnectionLevel(
  context: ClusterContext,
  routes: ConnectionRoutes,
  acceptance: PodAcceptance,
  tally: TrafficTally,
  traffics: readonly (ServiceTraffic | null)[],
  conntrack: ConntrackChance,
): EventLevel | null {
  const { simulation, scenario, streams, nodes, services, pods, startNs } = context;
  const populations: ConnectionPopulation[] = [];
  const followed = new Set<number>();
  for (const [index, clients] of scenario.clients.entries()) {
    if (clients.detail !== 'connection' || clients.load.kind !== 'open') continue;
    const { first, end } = services.range(clients.service);
    for (let service = first; service < end; service++) {
      followed.add(service);
      populations.push({
        ...clients,
        clients: index,
        service,
        isFromOutside: clients.from === 'outside',
        isBalanced: clients.from === 'outside' && clients.address === 'LoadBalancerIP',
        requestsPerSecond: clients.load.requestsPerSecond,
        serviceTime: scenario.services[services.group[service]!]!.application.serviceTime,
        choice: choiceSettings(scenario.kubeProxy, services.shapeOf(service)),
      });
    }
  }
  if (populations.length === 0) return null;
  const measures = new ConnectionMeasures({
    tally,
    nodeOf: (pod) => pods.node[pod]!,
    zoneOfNode: nodes.zone,
    nowNs: () => simulation.nowNs,
    startNs,
  });
  const level = new ConnectionLevel({
    simulation,
    streams,
    opener: createConnectionOpener(context, routes, acceptance, conntrack),
    observer: measures,
    populations,
  });
  acceptance.listen(level);
  return {
    get pendingEvents() {
      return level.pendingEvents;
    },
    // A connection that is open when clients stop is nothing to wait for.
    underWay: 0,
    start: () => level.start(startNs),
    stop: () => {
      level.settle();
      level.stop();
    },
    nodeLost: (node) => level.onNodeLost(node),
    flowsMoved: (service, share, isTarget) => level.flowsMoved(service, share, isTarget),
    targetLeft: (service, node, drainNs, isTarget) => level.targetLeft(service, node, drainNs, isTarget),
    end: () => measures.end([...followed].map((service) => traffics[service]!.ready)),
  };
}
