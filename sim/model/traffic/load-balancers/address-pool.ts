/**
 * The addresses that MetalLB gives to services of type LoadBalancer (internal/allocator): the lowest free one of the pool.
 *
 *   service created --allocate--> address, or none: the service stays pending, and is reached by its node port only
 *   service deleted --release--> the address is free when nobody else has it
 *
 * A service has an address of its own, unless services say that they share (the annotation metallb.universe.tf/allow-shared-ip):
 * those with the same key that use different ports, and have policy Cluster or the same selector, may have the same one.
 *
 * Left out: several pools with priorities, pools that serve some namespaces, addresses that a service asks for by name, IPv6.
 */

import type { AddressRange } from '../../metallb-settings.js';

/** What decides whether a service may share an address. */
export interface AddressRequest {
  readonly service: number;
  /** null: an address of its own. */
  readonly sharingKey: string | null;
  /** Protocol and port, such as "TCP/80". */
  readonly ports: readonly string[];
  /** The selector under policy Local; null under Cluster, where it does not matter. */
  readonly localSelector: string | null;
}

interface Holding {
  readonly sharingKey: string | null;
  readonly localSelector: string | null;
  readonly services: Map<number, readonly string[]>;
}

const OCTET = 256;

export class AddressPool {
  readonly #ranges: readonly { readonly first: number; readonly count: number }[];
  /** By position in the pool. */
  readonly #holdings = new Map<number, Holding>();
  readonly #positionOf = new Map<number, number>();
  /** Positions below this that were given back; all below `#untouched` and not here are held. */
  readonly #returned = new Set<number>();
  #untouched = 0;
  /** How many addresses the pool has. */
  readonly size: number;

  constructor(ranges: readonly AddressRange[]) {
    this.#ranges = ranges.map(({ first, count }) => ({ first: addressNumber(first), count }));
    this.size = ranges.reduce((sum, { count }) => sum + count, 0);
  }

  /** Addresses that some service has. */
  get used(): number {
    return this.#holdings.size;
  }

  /** The address that the service gets, or has; null: none is free, and the service is pending. */
  allocate(request: AddressRequest): string | null {
    const held = this.#positionOf.get(request.service);
    if (held !== undefined) return this.#addressAt(held);
    const position = this.#shareable(request) ?? this.#lowestFree();
    if (position === null) return null;
    let holding = this.#holdings.get(position);
    if (holding === undefined) {
      holding = { sharingKey: request.sharingKey, localSelector: request.localSelector, services: new Map() };
      this.#holdings.set(position, holding);
      this.#returned.delete(position);
      if (position === this.#untouched) this.#untouched++;
    }
    holding.services.set(request.service, request.ports);
    this.#positionOf.set(request.service, position);
    return this.#addressAt(position);
  }

  /** The service is gone, or no longer of type LoadBalancer. */
  release(service: number): void {
    const position = this.#positionOf.get(service);
    if (position === undefined) return;
    this.#positionOf.delete(service);
    const { services } = this.#holdings.get(position)!;
    services.delete(service);
    if (services.size > 0) return;
    this.#holdings.delete(position);
    this.#returned.add(position);
  }

  #lowestFree(): number | null {
    let lowest = this.#untouched < this.size ? this.#untouched : null;
    for (const position of this.#returned) if (lowest === null || position < lowest) lowest = position;
    return lowest;
  }

  /** The lowest address that others hold and the service may have too, if none below it is free. */
  #shareable({ sharingKey, localSelector, ports }: AddressRequest): number | null {
    if (sharingKey === null) return null;
    let lowest: number | null = null;
    for (const [position, holding] of this.#holdings) {
      if (holding.sharingKey !== sharingKey || holding.localSelector !== localSelector) continue;
      if (lowest !== null && position > lowest) continue;
      if ([...holding.services.values()].some((taken) => taken.some((port) => ports.includes(port)))) continue;
      lowest = position;
    }
    const free = this.#lowestFree();
    return lowest !== null && free !== null && free < lowest ? free : lowest;
  }

  #addressAt(position: number): string {
    let left = position;
    for (const { first, count } of this.#ranges) {
      if (left < count) return addressText(first + left);
      left -= count;
    }
    throw new RangeError(`the pool of ${this.size} addresses has none at ${position}`);
  }
}

/**
 * Reads addresses as an IPAddressPool has them: "172.18.255.200-172.18.255.250" or "192.168.10.0/24", both with first and last
 * address; null if it is neither.
 */
export function parseAddressRange(text: string): AddressRange | null {
  const [, from, to, prefix] = /^([\d.]+)(?:-([\d.]+)|\/(\d{1,2}))$/.exec(text.replaceAll(' ', '')) ?? [];
  if (from === undefined || !isAddress(from)) return null;
  const first = addressNumber(from);
  if (prefix !== undefined) {
    const bits = Number(prefix);
    if (bits > 32) return null;
    const count = 2 ** (32 - bits);
    return { first: addressText(first - (first % count)), count };
  }
  if (to === undefined || !isAddress(to)) return null;
  const count = addressNumber(to) - first + 1;
  return count > 0 ? { first: addressText(first), count } : null;
}

const isAddress = (text: string): boolean =>
  text.split('.').length === 4 && text.split('.').every((octet) => octet !== '' && Number(octet) < OCTET);

const addressNumber = (text: string): number =>
  text.split('.').reduce((number, octet) => number * OCTET + Number(octet), 0);

const addressText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % OCTET).join('.');
