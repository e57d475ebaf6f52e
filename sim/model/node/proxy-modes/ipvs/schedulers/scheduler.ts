/**
 * What an IPVS scheduler is asked: which real server a new flow goes to. Later packets of the flow follow the connection
 * table and ask nobody.
 *
 *   real servers of one virtual server on one node, flow --> pick --> position or NONE
 *
 * A scheduler has the state of one virtual server on one node; nothing is shared between nodes, so what it balances are the
 * flows that enter at its node. In kube-proxy the destination of all flows of a virtual server is its one address: schedulers
 * that look at the destination (dh, lblc, lblcr) see the same for all.
 */

import type { ServerList } from '../real-servers.js';

/** No server may have the flow. */
export const NONE = -1;

/** Addresses are 32-bit numbers. Reused from flow to flow. */
export interface Flow {
  source: number;
  sourcePort: number;
  /** The address of the virtual server. */
  destination: number;
  timeNs: number;
}

export const ServerChange = { added: 0, removed: 1, updated: 2 } as const;
export type ServerChange = (typeof ServerChange)[keyof typeof ServerChange];

export interface IpvsScheduler {
  /** Position of the server for a new flow, or NONE. Never one whose weight is 0 or that is overloaded. */
  pick(servers: ServerList, flow: Flow): number;
  /** A server was added at `position`, was removed from it, or has another weight. `servers` is as it is afterwards. */
  onChange(servers: ServerList, change: ServerChange, position: number): void;
}
