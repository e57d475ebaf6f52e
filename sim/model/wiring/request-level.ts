/**
 * Clients whose requests are followed one by one, wired to what their connections meet.
 *
 *   scenario: clients with detail request --> RequestLevel <-- routes by the rules of nodes, acceptance of pods
 */

import { Acceptance, type ConnectionRoutes } from '../traffic/connection-routes.js';
import type { PodAcceptance } from '../traffic/pod-acceptance.js';
import type { ConntrackChance } from '../traffic/conntrack-chance.js';
import { RequestLevel } from '../traffic/requests/request-level.js';
import type { RequestClients } from '../traffic/requests/request-population.js';
import type { TrafficTally } from '../traffic/traffic-tally.js';
import { createConnectionOpener } from './connection-opener.js';
import type { ClusterContext } from './context.js';

/** null: no clients ask for it. Pods that accept at the start are known to `acceptance`. */
export function createRequestLevel(
  context: ClusterContext,
  routes: ConnectionRoutes,
  acceptance: PodAcceptance,
  tally: TrafficTally,
  conntrack: ConntrackChance,
): RequestLevel | null {
  const { simulation, scenario, streams, nodes, services, pods, startNs } = context;
  const applicationOf = (service: number) => scenario.services[services.group[service]!]!.application;
  const populations: RequestClients[] = [];
  for (const [
    index,
    { detail, service: group, from, load, keepAlive, sourceAddresses },
  ] of scenario.clients.entries()) {
    if (detail !== 'request') continue;
    const { first, end } = services.range(group);
    for (let service = first; service < end; service++) {
      populations.push({
        clients: index,
        service,
        isFromOutside: from === 'outside',
        load,
        keepAlive,
        sourceAddresses,
        // The scenario has one for whoever asks for this level.
        serviceTime: applicationOf(service).serviceTime!,
      });
    }
  }
  if (populations.length === 0) return null;
  const level = new RequestLevel(
    { simulation, streams, nodes, pods, applicationOf, tally },
    createConnectionOpener(context, routes, acceptance, conntrack),
    populations,
    startNs,
  );
  for (let pod = 0; pod < pods.count; pod++) {
    if (acceptance.of(pod) === Acceptance.accepts) level.onAcceptance(pod, Acceptance.accepts);
  }
  acceptance.listen(level);
  return level;
}
