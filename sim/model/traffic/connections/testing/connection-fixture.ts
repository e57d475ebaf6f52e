/** A connection level on routes that a test sets by hand: nodes whose rules hold what they are told. */

import { RandomStreams } from '../../../../kernel/random.js';
import { Simulation } from '../../../../kernel/simulation.js';
import { NO_NODE } from '../../../cluster/pods.js';
import { Acceptance, type ConnectionRoute, type ConnectionRoutes, type EndpointSet } from '../../connection-routes.js';
import { BackendChoices } from '../backend-choices.js';
import { ConnectionLevel, type ConnectionPopulation } from '../connection-level.js';
import { ConnectionOpener } from '../connection-opener.js';
import { ConnectionTally } from './connection-tally.js';

export const SECOND = 1e9;

export const setOf = (pods: Iterable<number>): EndpointSet => ({ pods: Int32Array.from(pods) });

/** `count` numbers from `from` on. */
export const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

/** One service; clients enter by every node alike. */
export class HandMadeRoutes implements ConnectionRoutes {
  #routes: readonly ConnectionRoute[] = [];
  /** Nodes that clients enter by; the first so many. */
  entryNodes: number;

  constructor(nodes: number, pods: readonly number[]) {
    this.entryNodes = nodes;
    this.hold(pods, 0, nodes);
  }

  /** The rules of the nodes from `first` up to `end` hold these pods. */
  hold(pods: readonly number[], first = 0, end = this.#routes.length): void {
    this.#put(
      pods.length === 0
        ? { outcome: 'REJECT', set: null, isMasqueraded: false }
        : { outcome: 'FORWARD', set: setOf(pods), isMasqueraded: false },
      first,
      end,
    );
  }

  /** The nodes from `first` up to `end` have no endpoint of their own. */
  drop(first: number, end: number): void {
    this.#put({ outcome: 'DROP', set: null, isMasqueraded: false }, first, end);
  }

  #put(route: ConnectionRoute, first: number, end: number): void {
    this.#routes = Array.from({ length: Math.max(end, this.#routes.length) }, (_, node) =>
      node >= first && node < end ? route : this.#routes[node]!,
    );
  }

  routeOf(_clients: number, _service: number, node: number): ConnectionRoute {
    return this.#routes[node]!;
  }

  entryNode(_clients: number, _service: number, uniform: number): number {
    return this.entryNodes === 0 ? NO_NODE : Math.floor(uniform * this.entryNodes);
  }
}

export const POPULATION: ConnectionPopulation = {
  clients: 0,
  service: 0,
  isFromOutside: false,
  requestsPerSecond: 100,
  keepAlive: null,
  sourceAddresses: 1000,
  serviceTime: null,
  choice: { mode: 'iptables', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: null },
};

/** Pools that keep `connections` open. */
export const pool = (connections: number, meanLifetimeNs: number | null = null): Partial<ConnectionPopulation> => ({
  keepAlive: { connections, meanLifetimeNs },
});

export function connectionFixture(
  given: Partial<ConnectionPopulation>,
  {
    replication = 0,
    nodes = 4,
    pods = range(4),
  }: { replication?: number; nodes?: number; pods?: readonly number[] } = {},
) {
  const simulation = new Simulation();
  const routes = new HandMadeRoutes(nodes, pods);
  const tally = new ConnectionTally(1);
  const acceptances = new Map<number, Acceptance>();
  const streams = new RandomStreams(7, replication);
  const population = { ...POPULATION, ...given };
  const acceptanceOf = (pod: number): Acceptance => acceptances.get(pod) ?? Acceptance.accepts;
  const choices = new BackendChoices(
    () => population.choice,
    streams.hash('order of endpoints in userspace mode'),
    acceptanceOf,
  );
  const level = new ConnectionLevel({
    simulation,
    streams,
    opener: new ConnectionOpener(routes, choices, acceptanceOf),
    observer: tally,
    populations: [population],
  });
  const open = (pod: number): number => tally.open[0]![pod]!;
  /** The pod meets connections so from now on. */
  const accept = (pod: number, acceptance: Acceptance): void => {
    acceptances.set(pod, acceptance);
    level.onAcceptance(pod, acceptance);
  };
  /** The containers of the pod end. */
  const end = (pod: number): void => {
    if ((acceptances.get(pod) ?? Acceptance.accepts) === Acceptance.accepts) accept(pod, Acceptance.stopped);
    level.onEnded(pod);
  };
  const nothing = simulation.registerKind('nothing happens', () => {});
  /** The clock stands at `untilNs` afterwards, whether or not anything happens until then. */
  const runUntil = (untilNs: number): void => {
    simulation.schedule(untilNs, nothing);
    simulation.run(untilNs);
  };
  return { simulation, runUntil, accept, end, routes, tally, counts: tally.counts[0]!, level, open };
}
