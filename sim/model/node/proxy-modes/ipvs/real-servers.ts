/**
 * The real servers of one IPVS virtual server, as the kernel of one node has them (net/netfilter/ipvs, ip_vs_dest).
 *
 *   add, remove, set weight --> [list of servers: weight, connections] --> told to the scheduler of the virtual server
 *   flow --> scheduler --> position of a server or NONE
 *
 * The list is in the order of the kernel, which puts a new server in front. Positions therefore change, addresses do not.
 * Connections are counted by whoever opens and closes them: active while established, inactive afterwards until they expire.
 *
 * Left out: the connection table itself, persistence templates, connection thresholds (kube-proxy sets none; `overloaded` is
 * there because schedulers must heed it).
 */

import { type Flow, type IpvsScheduler, NONE, ServerChange } from './schedulers/scheduler.js';

const INITIAL_CAPACITY = 8;

/** What schedulers see. Columns have room for more than `count` servers. */
export interface ServerList {
  readonly count: number;
  /** Of a server: its IPv4 address, or any other 32-bit number that names its address and port. */
  readonly address: Uint32Array;
  readonly weight: Int32Array;
  readonly active: Int32Array;
  readonly inactive: Int32Array;
  /** 1: more connections than its upper threshold allows. */
  readonly overloaded: Uint8Array;
  /** Where the server stands; NONE if it does not. */
  positionOf(address: number): number;
}

/** Whether a scheduler may give a new flow to the server. */
export const isEligible = (servers: ServerList, position: number): boolean =>
  servers.weight[position]! > 0 && servers.overloaded[position] === 0;

export class VirtualServer implements ServerList {
  count = 0;
  address = new Uint32Array(INITIAL_CAPACITY);
  weight = new Int32Array(INITIAL_CAPACITY);
  active = new Int32Array(INITIAL_CAPACITY);
  inactive = new Int32Array(INITIAL_CAPACITY);
  overloaded = new Uint8Array(INITIAL_CAPACITY);
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly #scheduler: IpvsScheduler;

  constructor(protocol: 'TCP' | 'UDP' | 'SCTP', scheduler: IpvsScheduler) {
    this.protocol = protocol;
    this.#scheduler = scheduler;
  }

  positionOf(address: number): number {
    for (let position = 0; position < this.count; position++) {
      if (this.address[position] === address) return position;
    }
    return NONE;
  }

  /** Puts a server without connections in front of the others. */
  add(address: number, weight: number): void {
    if (this.positionOf(address) !== NONE) throw new RangeError(`real server ${address} is there already`);
    if (this.count === this.address.length) this.#grow();
    for (const column of this.#columns()) column.copyWithin(1, 0, this.count);
    this.count++;
    this.address[0] = address;
    this.weight[0] = weight;
    this.active[0] = 0;
    this.inactive[0] = 0;
    this.overloaded[0] = 0;
    this.#scheduler.onChange(this, ServerChange.added, 0);
  }

  remove(position: number): void {
    if (!(position >= 0 && position < this.count)) throw new RangeError(`no real server at ${position}`);
    for (const column of this.#columns()) column.copyWithin(position, position + 1, this.count);
    this.count--;
    this.#scheduler.onChange(this, ServerChange.removed, position);
  }

  setWeight(position: number, weight: number): void {
    this.weight[position] = weight;
    this.#scheduler.onChange(this, ServerChange.updated, position);
  }

  /** The server for a new flow, which the caller counts, or NONE: the client is refused. */
  pick(flow: Flow): number {
    return this.#scheduler.pick(this, flow);
  }

  #columns() {
    return [this.address, this.weight, this.active, this.inactive, this.overloaded];
  }

  #grow(): void {
    const capacity = this.count * 2;
    const address = new Uint32Array(capacity);
    address.set(this.address);
    this.address = address;
    const overloaded = new Uint8Array(capacity);
    overloaded.set(this.overloaded);
    this.overloaded = overloaded;
    this.weight = grown(this.weight, capacity);
    this.active = grown(this.active, capacity);
    this.inactive = grown(this.inactive, capacity);
  }
}

function grown(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(capacity);
  wider.set(column);
  return wider;
}
