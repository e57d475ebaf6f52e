/**
 * Which endpoints of a headless service the clients on each node know: what DNS said when their cache asked last.
 *
 *   write --informer of DNS--> records --answer of a cache expires, once in a TTL, at its own time--> the node moves to a later version
 *
 * Clients resolve the name and connect to a pod themselves: no kube-proxy chooses or masquerades, and no rule of a node knows. The
 * caches of a node (of the client, of the node, of DNS itself, whose answers carry what is left of the TTL) are together never older
 * than the TTL, and busy clients ask again when it has run out, so that a change reaches a node after the informer's delay and
 * U(0, TTL) on top. Only ready endpoints have records, whatever traffic policies and hints say; a name without any does not exist.
 *
 * Left out: caches that several nodes share and so expire together, lookups that fail, answers that are cut for their length, clients
 * that look up a name once and never again (keepAlive without an end is like that).
 */

import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { CounterHash } from '../../kernel/random.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from '../node/endpoint-ledger.js';
import { nextTickNs } from '../../kernel/ticks.js';
import type { ServiceRoute } from '../node/service-routing/service-route.js';
import type { OwnChange, ServiceTraffic } from './service-traffic.js';

const TO_POD: ServiceRoute = { outcome: 'FORWARD', endpoints: 'cluster', isMasqueraded: false };
const NO_RECORD: ServiceRoute = { outcome: 'REJECT', endpoints: null, isMasqueraded: false };

/** Of clients that choose among the addresses of a name; one that does not exist fails at once. */
export const BY_NAME = (hasCluster: boolean): ServiceRoute => (hasCluster ? TO_POD : NO_RECORD);

/** What DNS reads from an endpoint object: records of ready endpoints. */
export const recordsOf = (updates: readonly EndpointUpdate[]): readonly EndpointUpdate[] =>
  updates.map(({ endpoint, state }) => ({
    endpoint,
    state: state === EndpointState.ready ? state : EndpointState.unusable,
    hintedZone: NO_ZONE,
  }));

export interface DnsViewsParameters {
  readonly nodes: number;
  /** From the commit of a write to the records. */
  readonly informerDelayNs: number;
  /** When the answer in the cache of a node expires, for (service, node). */
  readonly phases: CounterHash;
  readonly nodeOf: (pod: number) => number;
}

/** A headless service that has clients. */
interface NamedService {
  readonly traffic: ServiceTraffic;
  /** Whole nanoseconds; 0: nothing is cached. */
  readonly ttlNs: number;
  /** When each write becomes a record. */
  readonly recordNs: number[];
  /** 1: the node will ask again, as it does not know all writes yet. */
  readonly isPending: Uint8Array;
  /** By node: changes of its own endpoints that it does not know yet. */
  readonly ownChanges: Map<number, OwnChange[]>;
}

export class DnsViews {
  /** Hears that nodes know other endpoints of a service. */
  onMoved: (traffic: ServiceTraffic) => void = () => {};

  readonly #simulation: Simulation;
  readonly #parameters: DnsViewsParameters;
  readonly #services = new Map<number, NamedService>();
  readonly #askKind: EventKind;

  constructor(simulation: Simulation, parameters: DnsViewsParameters) {
    this.#simulation = simulation;
    this.#parameters = parameters;
    this.#askKind = simulation.registerKind('dns: answer in a cache expires', (node, service) =>
      this.#ask(node, service),
    );
  }

  /** Clients of the service find it by name. Call before the run; nodes know what `traffic` starts with. */
  add(service: number, traffic: ServiceTraffic, ttlNs: number): void {
    this.#services.set(service, {
      traffic,
      ttlNs,
      recordNs: [],
      isPending: new Uint8Array(this.#parameters.nodes),
      ownChanges: new Map(),
    });
  }

  has(service: number): boolean {
    return this.#services.has(service);
  }

  /** A write of the service is committed now. */
  onWrite(service: number, updates: readonly EndpointUpdate[]): void {
    const named = this.#services.get(service);
    if (named === undefined) return;
    const { traffic, recordNs, ttlNs, isPending, ownChanges } = named;
    const { nodes, informerDelayNs, nodeOf } = this.#parameters;
    const records = recordsOf(updates);
    const entry = recordNs.length;
    const knownNs = this.#simulation.nowNs + informerDelayNs;
    recordNs.push(knownNs);
    traffic.append(entry, records);
    const version = traffic.context.versions.newest;
    for (const { endpoint: pod } of records) {
      const node = nodeOf(pod);
      if (node < 0) continue;
      const changes = ownChanges.get(node);
      if (changes === undefined) ownChanges.set(node, [{ entry, service, version, pod }]);
      else changes.push({ entry, service, version, pod });
    }
    for (let node = 0; node < nodes; node++) {
      if (isPending[node] === 1) continue;
      isPending[node] = 1;
      this.#simulation.schedule(this.#nextAskNs(service, node, ttlNs, knownNs), this.#askKind, node, service);
    }
    this.onMoved(traffic);
  }

  #nextAskNs(service: number, node: number, ttlNs: number, fromNs: number): number {
    if (ttlNs === 0) return fromNs;
    return nextTickNs(ttlNs, Math.floor(this.#parameters.phases.uniform(service, node) * ttlNs), fromNs);
  }

  #ask(node: number, service: number): void {
    const named = this.#services.get(service)!;
    const { traffic, recordNs, ttlNs, isPending, ownChanges } = named;
    const { applied } = traffic.context;
    const { nowNs } = this.#simulation;
    let end = applied[node]!;
    while (end < recordNs.length && recordNs[end]! <= nowNs) end++;
    if (end > applied[node]!) {
      const changes = ownChanges.get(node) ?? [];
      let known = 0;
      while (known < changes.length && changes[known]!.entry < end) known++;
      // Entry v - 1 makes version v.
      traffic.moveNode(node, end, nowNs, changes, known);
      applied[node] = end;
      if (known > 0) changes.splice(0, known);
      this.onMoved(traffic);
    }
    if (end === recordNs.length) isPending[node] = 0;
    else {
      const againNs = this.#nextAskNs(service, node, ttlNs, recordNs[end]!);
      this.#simulation.schedule(againNs, this.#askKind, node, service);
    }
  }
}
