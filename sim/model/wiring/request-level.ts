/**
 * Clients whose requests are followed one by one, wired to what their connections meet.
 *
 *   scenario: clients with detail request --> RequestLevel <-- routes by the rules of nodes, acceptance of pods
 */

import { Acceptance, type ConnectionRoutes } from '../traffic/connection-routes.js';
import type { PodAcceptance } from '../traffic/pod-acceptance.js';
import type { ConntrackChance } from '../traffic/conntrack-chance.js';
import { type BackendChoice, RandomChoice } from '../traffic/connections/backend-choice.js';
import { createBackendChoice, hasMemory } from '../traffic/connections/create-backend-choice.js';
import { ConnectionOpener } from '../traffic/requests/connection-opener.js';
import { RequestLevel } from '../traffic/requests/request-level.js';
import type { RequestClients } from '../traffic/requests/request-population.js';
import type { TrafficTally } from '../traffic/traffic-tally.js';
import { choiceSettings } from './connection-level.js';
import type { ClusterContext } from './context.js';

/** Without memory, so that one serves all. */
const ANY_POD = new RandomChoice();

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
    new ConnectionOpener(routes, choicesOf(context, acceptance), (pod) => acceptance.of(pod), conntrack),
    populations,
    startNs,
  );
  for (let pod = 0; pod < pods.count; pod++) {
    if (acceptance.of(pod) === Acceptance.accepts) level.onAcceptance(pod, Acceptance.accepts);
  }
  acceptance.listen(level);
  return level;
}

/** How nodes choose among the pods of a service: each remembers for itself, and for each entry of clients, if the mode remembers at all. */
function choicesOf(
  { scenario, services, streams, nodes }: ClusterContext,
  acceptance: PodAcceptance,
): (clients: number, service: number, node: number) => BackendChoice {
  const { kubeProxy } = scenario;
  const hash = streams.hash('order of endpoints in userspace mode');
  const choices = scenario.clients.map(() => new Map<number, BackendChoice>());
  const acceptanceOf = (pod: number): Acceptance => acceptance.of(pod);
  return (clients, service, node) => {
    const place = service * nodes.count + node;
    let choice = choices[clients]!.get(place);
    if (choice === undefined) {
      const settings = choiceSettings(kubeProxy, services.shapeOf(service));
      choice = hasMemory(settings) ? createBackendChoice(settings, hash, place, acceptanceOf) : ANY_POD;
      choices[clients]!.set(place, choice);
    }
    return choice;
  };
}
