/**
 * How real servers go in IPVS mode (pkg/proxy/ipvs/graceful_termination.go).
 *
 *   endpoint gone --> delete: at once, or weight 0 and on the list --check, every minute--> deleted when its connections are over
 *   endpoint back --> add: off the list, out of the kernel, and in again as a new server
 *
 * At weight 0 a server gets no new flow while its established ones go on. Only protocols with connections that end have that grace:
 * the connections of the others are dropped with the next packet.
 *
 * The list is in the memory of kube-proxy. One that is restarted forgets it; the next sync that finds the server in the kernel and
 * not among the endpoints deletes it anew.
 *
 * Left out: errors of the kernel, upon which the same is tried again.
 */

import { IPVS_RULES, PROTOCOLS_WITHOUT_GRACE } from '../../../versions/ipvs-rules.js';
import type { VirtualServer } from './real-servers.js';
import { NONE } from './schedulers/scheduler.js';

const CHECK_PERIOD_NS = IPVS_RULES.deletionCheckPeriod.value * 1e9;
const WEIGHT = IPVS_RULES.weight.value;

/** When the list is next looked at after `nowNs`: every minute from the start of the process on. */
export const nextDeletionCheckNs = (processStartNs: number, nowNs: number): number =>
  processStartNs + (Math.floor((nowNs - processStartNs) / CHECK_PERIOD_NS) + 1) * CHECK_PERIOD_NS;

export class GracefulDeletion {
  readonly #protocolsWithoutGrace: readonly string[];
  /** Addresses of real servers that wait, by virtual server. */
  readonly #waiting = new Map<VirtualServer, Set<number>>();

  /** `protocolsWithoutGrace`: UDP, and SCTP too in all but old versions. */
  constructor(protocolsWithoutGrace: readonly string[] = PROTOCOLS_WITHOUT_GRACE.value) {
    this.#protocolsWithoutGrace = protocolsWithoutGrace;
  }

  /** Whether the real server waits for the end of its connections. A sync does not delete such a one again. */
  isWaiting(virtualServer: VirtualServer, address: number): boolean {
    return this.#waiting.get(virtualServer)?.has(address) ?? false;
  }

  /** Real servers that wait. */
  get waiting(): number {
    let servers = 0;
    for (const addresses of this.#waiting.values()) servers += addresses.size;
    return servers;
  }

  /** The endpoint at `address` is gone. Without such a real server nothing happens. */
  delete(virtualServer: VirtualServer, address: number): void {
    if (this.isWaiting(virtualServer, address) || this.#tryToDelete(virtualServer, address)) return;
    virtualServer.setWeight(virtualServer.positionOf(address), 0);
    const addresses = this.#waiting.get(virtualServer);
    if (addresses === undefined) this.#waiting.set(virtualServer, new Set([address]));
    else addresses.add(address);
  }

  /**
   * There is an endpoint at `address`. If its real server waits to be deleted, it is, with the connections that it still has;
   * if it is there otherwise, it stays as it is.
   */
  add(virtualServer: VirtualServer, address: number): void {
    if (this.isWaiting(virtualServer, address)) {
      this.#forget(virtualServer, address);
      const position = virtualServer.positionOf(address);
      if (position !== NONE) virtualServer.remove(position);
    }
    if (virtualServer.positionOf(address) === NONE) virtualServer.add(address, WEIGHT);
  }

  /** The virtual server is deleted: the kernel drops its real servers with it. */
  drop(virtualServer: VirtualServer): void {
    this.#waiting.delete(virtualServer);
  }

  /** Deletes those on the list that have no connection any more; does so every minute. */
  check(): void {
    for (const [virtualServer, addresses] of this.#waiting) {
      for (const address of addresses) {
        if (this.#tryToDelete(virtualServer, address)) this.#forget(virtualServer, address);
      }
    }
  }

  /** Whether the real server is gone now. */
  #tryToDelete(virtualServer: VirtualServer, address: number): boolean {
    const position = virtualServer.positionOf(address);
    if (position === NONE) return true;
    const hasGrace = !this.#protocolsWithoutGrace.includes(virtualServer.protocol);
    if (hasGrace && virtualServer.active[position]! + virtualServer.inactive[position]! > 0) return false;
    virtualServer.remove(position);
    return true;
  }

  #forget(virtualServer: VirtualServer, address: number): void {
    const addresses = this.#waiting.get(virtualServer);
    if (addresses?.delete(address) === true && addresses.size === 0) this.#waiting.delete(virtualServer);
  }
}
