/** A request level on a cluster that a test sets by hand: what nodes' rules hold, and how pods meet connections. */

import { RandomStreams } from '../../../../kernel/random.js';
import { Simulation } from '../../../../kernel/simulation.js';
import { NO_NODE } from '../../../cluster/pods.js';
import type { ApplicationSettings } from '../../../traffic-settings.js';
import { Acceptance, type ConnectionRoute, type ConnectionRoutes } from '../../connection-routes.js';
import { TrafficTally } from '../../traffic-tally.js';
import { BackendChoices } from '../../connections/backend-choices.js';
import { ConnectionOpener } from '../../connections/connection-opener.js';
import type { ChoiceSettings } from '../../connections/create-backend-choice.js';
import { RequestLevel } from '../request-level.js';
import type { RequestClients } from '../request-population.js';

export const MILLISECOND = 1e6;
export const SECOND = 1e9;

export const CLIENTS: RequestClients = {
  clients: 0,
  service: 0,
  isFromOutside: true,
  load: { kind: 'open', requestsPerSecond: 100 },
  keepAlive: null,
  sourceAddresses: 1000,
  serviceTime: { meanNs: 10 * MILLISECOND, variation: 1 },
};

const CHOICE: ChoiceSettings = { mode: 'iptables', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: null };

export interface FixtureOptions {
  readonly clients?: readonly Partial<RequestClients>[];
  /** Node of each pod; all are of one service. */
  readonly nodeOfPod: readonly number[];
  readonly zoneOfNode?: readonly number[];
  readonly application?: Partial<ApplicationSettings>;
  /** Nodes that clients enter by: the first so many; all by default. */
  readonly entryNodes?: number;
  readonly replication?: number;
  readonly measureFromNs?: number;
}

export function requestFixture(options: FixtureOptions) {
  const { nodeOfPod, zoneOfNode = [0, 0, 0, 0], application = {} } = options;
  const simulation = new Simulation();
  const acceptance: Acceptance[] = nodeOfPod.map(() => Acceptance.accepts);
  const everyPod: ConnectionRoute = {
    outcome: 'FORWARD',
    set: { pods: Int32Array.from(nodeOfPod.keys()) },
    isMasqueraded: false,
  };
  /** By node; a test may put others. */
  const routeOfNode: ConnectionRoute[] = zoneOfNode.map(() => everyPod);
  const entryNodes = [...zoneOfNode.keys()].slice(0, options.entryNodes);
  const routes: ConnectionRoutes = {
    routeOf: (_clients, _service, node) => routeOfNode[node]!,
    entryNode: (_clients, _service, uniform) => entryNodes[Math.floor(uniform * entryNodes.length)] ?? NO_NODE,
  };
  const tally = new TrafficTally();
  const streams = new RandomStreams(5, options.replication ?? 0);
  const level = new RequestLevel(
    {
      simulation,
      streams,
      nodes: { zone: Uint16Array.from(zoneOfNode) },
      pods: { node: Int32Array.from(nodeOfPod), service: new Int32Array(nodeOfPod.length) },
      applicationOf: () => ({
        concurrency: 1,
        queueLimit: null,
        serviceTime: CLIENTS.serviceTime,
        acceptsAfterSigterm: false,
        ...application,
      }),
      tally,
    },
    new ConnectionOpener(
      routes,
      new BackendChoices(
        () => CHOICE,
        streams.hash('order of endpoints'),
        (pod) => acceptance[pod]!,
      ),
      (pod) => acceptance[pod]!,
    ),
    (options.clients ?? [{}]).map((given) => ({ ...CLIENTS, ...given })),
    options.measureFromNs ?? 0,
  );
  const meet = (pod: number, now: Acceptance): void => {
    acceptance[pod] = now;
    level.onAcceptance(pod, now);
  };
  const after = simulation.registerKind('later', (index) => actions[index]!());
  const actions: (() => void)[] = [];
  /** Does something in the middle of the run. */
  const at = (timeNs: number, action: () => void): void => {
    simulation.schedule(timeNs, after, actions.push(action) - 1);
  };
  for (const pod of nodeOfPod.keys()) meet(pod, Acceptance.accepts);
  level.start();
  /** Clients send until then; all that is under way is finished. */
  const runFor = (durationNs: number): void => {
    simulation.run(durationNs);
    level.stop();
    simulation.run();
    level.checkConservation();
  };
  return { simulation, tally, level, meet, at, runFor, routeOfNode, entryNodes };
}

export const forwardTo = (...pods: number[]): ConnectionRoute => ({
  outcome: 'FORWARD',
  set: { pods: Int32Array.from(pods) },
  isMasqueraded: false,
});
