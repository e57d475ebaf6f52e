/**
 * The node ports of a cluster's services, handed out in the order in which the services are created.
 *
 *   ports of each service, who chooses them --> banded-allocator.ts --> ports taken, choices refused, probability of that
 *
 * People who choose a port write down any port of the range and do not know of each other. A choice that the API server refuses is
 * made again. Ports for health checks are left to the API server by everybody.
 *
 * Left out: choices that are coordinated, or keep to the static band; ports that services release; one number shared by a TCP and
 * a UDP port.
 */

import type { AllocationRange } from './allocation-bands.js';
import { refusalProbability } from './allocation-collisions.js';
import { BandedAllocator } from './banded-allocator.js';

export interface NodePortDemand {
  /** Ports that somebody writes down. */
  readonly chosen: number;
  /** Ports that are left to the API server. */
  readonly automatic: number;
}

export interface NodePortUse {
  readonly allocated: number;
  /** Choices that were refused, as somebody had the port. */
  readonly refused: number;
  /** Probability that any choice of the same services is refused; exact. */
  readonly refusalProbability: number;
}

/** `demands`: by service in the order of their creation, together at most the range. `integerBelow`: uniform below its argument. */
export function allocateNodePorts(
  range: AllocationRange,
  demands: Iterable<NodePortDemand>,
  integerBelow: (bound: number) => number,
): NodePortUse {
  const allocator = new BandedAllocator(range);
  const takenBefore: number[] = [];
  let refused = 0;
  for (const { chosen, automatic } of demands) {
    for (let port = 0; port < chosen; port++) {
      takenBefore.push(allocator.allocated);
      if (allocator.free === 0) throw new RangeError(`more node ports are asked for than the ${range.size} there are`);
      while (allocator.allocate(range.first + integerBelow(range.size)) !== 'allocated') refused++;
    }
    for (let port = 0; port < automatic; port++) {
      if (allocator.allocateNext(integerBelow) !== null) continue;
      throw new RangeError(`more node ports are asked for than the ${range.size} there are`);
    }
  }
  return { allocated: allocator.allocated, refused, refusalProbability: refusalProbability(range.size, takenBefore) };
}
