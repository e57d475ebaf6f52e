/**
 * Who sends requests: the clients of one entry of the scenario, of one service, with the random numbers of what they do.
 *
 * Every draw is a hash of the sender and its how-manieth request this is.
 */

import type { CounterHash, RandomStreams } from '../../../kernel/random.js';
import type { ClientSettings } from '../../traffic-settings.js';
import type { ConnectingClients, ConnectionOpener } from '../connections/connection-opener.js';
import { KeptConnections, type LifetimeEvents } from './kept-connections.js';
import type { ServiceTime } from './service-time.js';

const NS_PER_SECOND = 1e9;
/** The sender has no event. */
export const NO_EVENT = -1;

/** The clients of one entry of the scenario, of one service. */
export interface RequestClients
  extends ConnectingClients, Pick<ClientSettings, 'load' | 'keepAlive' | 'sourceAddresses'> {
  readonly serviceTime: ServiceTime;
}

/** One of `clients`, with its senders: users of a closed loop, else one for all. */
export interface Population {
  readonly clients: RequestClients;
  readonly gapNs: number;
  readonly kept: KeptConnections | null;
  /** By sender. */
  readonly sent: Int32Array;
  readonly nextEvent: Float64Array;
  /** Exact time of the next arrival of an open loop: gaps are not rounded one by one. */
  nextNs: number;
  readonly ofGap: CounterHash;
  readonly ofService: CounterHash;
  readonly ofClient: CounterHash;
  readonly ofNode: CounterHash;
  readonly ofPod: CounterHash;
}

/** Where clients inside are, as a number of [0, 1): evenly spread. */
export const placeOf = (client: number, sourceAddresses: number): number => (client + 0.5) / sourceAddresses;

export function createPopulation(
  clients: RequestClients,
  index: number,
  streams: RandomStreams,
  opener: ConnectionOpener,
  lifetimes: LifetimeEvents,
): Population {
  const { load, keepAlive, sourceAddresses, isFromOutside } = clients;
  const senders = load.kind === 'open' ? 1 : load.users;
  const hash = (purpose: string): CounterHash => streams.hash(`${purpose} of request clients ${index}`);
  const ofNode = hash('node');
  const draws = {
    ofNode: (client: number, slot: number, attempt: number): number =>
      isFromOutside ? ofNode.uniform(slot, attempt) : placeOf(client, sourceAddresses),
    ofPod: hash('pod of connection'),
    ofLifetime: hash('lifetime of connection'),
  };
  return {
    clients,
    gapNs: load.kind === 'open' ? NS_PER_SECOND / load.requestsPerSecond : load.meanThinkTimeNs,
    kept:
      keepAlive === null ? null : new KeptConnections(clients, keepAlive, sourceAddresses, opener, draws, lifetimes),
    sent: new Int32Array(senders),
    nextEvent: new Float64Array(senders).fill(NO_EVENT),
    nextNs: 0,
    ofGap: hash('gap'),
    ofService: hash('service time'),
    ofClient: hash('client'),
    ofNode,
    ofPod: hash('pod'),
  };
}
