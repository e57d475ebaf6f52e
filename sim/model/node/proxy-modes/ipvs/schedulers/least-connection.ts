/** The schedulers lc, wlc, sed and nq (ip_vs_lc.c, ip_vs_wlc.c, ip_vs_sed.c, ip_vs_nq.c): by connections. Ties go to the first. */

import { IPVS_SCHEDULER_RULES } from '../../../../versions/ipvs-rules.js';
import { isEligible, type ServerList } from '../real-servers.js';
import { type Flow, type IpvsScheduler, NONE } from './scheduler.js';

const activeConnectionWeight = IPVS_SCHEDULER_RULES.activeConnectionWeight.value;

/** Load of a server by its connections; those that have ended count little. */
export const connectionLoad = (servers: ServerList, position: number): number =>
  activeConnectionWeight * servers.active[position]! + servers.inactive[position]!;

/** Whether load a per weight a is below load b per weight b, without a division. */
const isLess = (loadA: number, weightA: number, loadB: number, weightB: number): boolean =>
  loadA * weightB < loadB * weightA;

/** Among the eligible servers, the one with the least connections for its weight (wlc). */
export function leastWeightedConnections(servers: ServerList): number {
  let least = NONE;
  let leastLoad = 0;
  for (let position = 0; position < servers.count; position++) {
    if (!isEligible(servers, position)) continue;
    const load = connectionLoad(servers, position);
    if (least === NONE || isLess(load, servers.weight[position]!, leastLoad, servers.weight[least]!)) {
      least = position;
      leastLoad = load;
    }
  }
  return least;
}

/** Among the eligible servers, the one that would be loaded least by one more connection (sed). */
function shortestExpectedDelay(servers: ServerList): number {
  let least = NONE;
  for (let position = 0; position < servers.count; position++) {
    if (!isEligible(servers, position)) continue;
    if (
      least === NONE ||
      isLess(
        servers.active[position]! + 1,
        servers.weight[position]!,
        servers.active[least]! + 1,
        servers.weight[least]!,
      )
    ) {
      least = position;
    }
  }
  return least;
}

/** lc: the least connections, whatever the weight. */
export class LeastConnection implements IpvsScheduler {
  pick(servers: ServerList, _flow: Flow): number {
    let least = NONE;
    let leastLoad = 0;
    for (let position = 0; position < servers.count; position++) {
      if (!isEligible(servers, position)) continue;
      const load = connectionLoad(servers, position);
      if (least === NONE || load < leastLoad) {
        least = position;
        leastLoad = load;
      }
    }
    return least;
  }

  onChange(): void {}
}

/** wlc: the least connections for the weight. */
export class WeightedLeastConnection implements IpvsScheduler {
  pick(servers: ServerList, _flow: Flow): number {
    return leastWeightedConnections(servers);
  }

  onChange(): void {}
}

/** sed: the shortest expected delay, (active + 1) / weight. */
export class ShortestExpectedDelay implements IpvsScheduler {
  pick(servers: ServerList, _flow: Flow): number {
    return shortestExpectedDelay(servers);
  }

  onChange(): void {}
}

/** nq, never queue: the first without an active connection, and sed when there is none. */
export class NeverQueue implements IpvsScheduler {
  pick(servers: ServerList, _flow: Flow): number {
    for (let position = 0; position < servers.count; position++) {
      if (isEligible(servers, position) && servers.active[position] === 0) return position;
    }
    return shortestExpectedDelay(servers);
  }

  onChange(): void {}
}
