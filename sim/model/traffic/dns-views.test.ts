/** Views of headless services: what the nodes know follows the writes after the informer's delay and the age of their caches. */

import { expect, test } from 'vitest';
import { type CounterHash, RandomStreams } from '../../kernel/random.js';
import { Simulation } from '../../kernel/simulation.js';
import { EndpointState, NO_ZONE } from '../node/endpoint-ledger.js';
import { DnsViews, recordsOf } from './dns-views.js';
import { EndpointRecords } from './endpoint-records.js';
import { NodeEndpoints } from './node-endpoints.js';
import { ServiceTraffic } from './service-traffic.js';
import { ServiceVersions } from './service-versions.js';

const NODES = 2000;
const SECOND = 1e9;
const TTL = 30 * SECOND;
const DELAY = 1 * SECOND;

function views(ttlNs: number) {
  const simulation = new Simulation();
  const phases: CounterHash = new RandomStreams(3, 0).hash('expiry');
  const applied = new Int32Array(NODES);
  const nodeOf = (pod: number): number => pod;
  const traffic = new ServiceTraffic({
    service: 0,
    versions: new ServiceVersions(1, false, NODES),
    records: new EndpointRecords(),
    own: new NodeEndpoints(),
    zoneOfNode: new Int32Array(NODES),
    nodeOf,
    acceptanceOf: () => 0,
    applied,
  });
  const pods = [0, 1, 2].map((endpoint) => ({ endpoint, state: EndpointState.ready, hintedZone: NO_ZONE }));
  traffic.start(pods);
  const dns = new DnsViews(simulation, { nodes: NODES, informerDelayNs: DELAY, phases, nodeOf });
  dns.add(0, traffic, ttlNs);
  const actions: (() => void)[] = [];
  const later = simulation.registerKind('later', (index) => actions[index]!());
  const at = (seconds: number, action: () => void): void => {
    simulation.schedule(seconds * SECOND, later, actions.push(action) - 1);
  };
  const write = (endpoint: number, state: EndpointState): void =>
    dns.onWrite(0, [{ endpoint, state, hintedZone: NO_ZONE }]);
  /** Share of the nodes that know so many writes. */
  const shareAt = (version: number): number => applied.filter((known) => known === version).length / NODES;
  return { simulation, dns, traffic, at, write, shareAt };
}

test('nodes follow evenly within a TTL after the informer of DNS', () => {
  const { simulation, at, write, shareAt } = views(TTL);
  const shares: number[] = [];
  at(100, () => write(0, EndpointState.unusable));
  for (const after of [0.9, 1 + 7.5, 1 + 15, 1 + 29.9, 1 + 30]) at(100 + after, () => shares.push(shareAt(1)));
  simulation.run();
  const error = 4 * Math.sqrt(0.25 / NODES);
  expect(shares[0]).toBe(0);
  expect(Math.abs(shares[1]! - 0.25)).toBeLessThan(error);
  expect(Math.abs(shares[2]! - 0.5)).toBeLessThan(error);
  expect(shares[3]).toBeLessThan(1);
  expect(shares[4]).toBe(1);
});

test('a node that asks before the informer has heard of a second write asks again', () => {
  const { simulation, traffic, at, write, shareAt } = views(TTL);
  at(100, () => write(0, EndpointState.unusable));
  at(110, () => write(1, EndpointState.unusable));
  const both: number[][] = [];
  at(131, () => both.push([shareAt(0), shareAt(1), shareAt(2)]));
  simulation.run();
  expect(both[0]![0]).toBe(0);
  // Those that asked in the ten seconds between the two, and not since.
  expect(Math.abs(both[0]![1]! - 1 / 3)).toBeLessThan(4 * Math.sqrt(0.25 / NODES));
  expect(shareAt(2)).toBe(1);
  expect(simulation.nowNs).toBeLessThanOrEqual(141 * SECOND);
  // What a node has itself is what it knows to be there.
  const { own } = traffic.context;
  expect([0, 1, 2].map((node) => own.acceptingAt(own.offsetOf(node, 0), 0))).toEqual([0, 0, 1]);
});

test('without caches everybody knows when the informer does', () => {
  const { simulation, at, write, shareAt } = views(0);
  const shares: number[] = [];
  at(100, () => write(0, EndpointState.unusable));
  at(100.99, () => shares.push(shareAt(1)));
  simulation.run();
  expect(shares).toEqual([0]);
  expect(shareAt(1)).toBe(1);
  expect(simulation.nowNs).toBe(101 * SECOND);
});

test('pods that terminate have no record, and hints none either', () => {
  const { ready, terminating, unusable } = EndpointState;
  const updates = [ready, terminating, unusable].map((state, endpoint) => ({ endpoint, state, hintedZone: 1 }));
  expect(recordsOf(updates).map(({ state }) => state)).toEqual([ready, unusable, unusable]);
  expect(recordsOf(updates).every(({ hintedZone }) => hintedZone === NO_ZONE)).toBe(true);
});
