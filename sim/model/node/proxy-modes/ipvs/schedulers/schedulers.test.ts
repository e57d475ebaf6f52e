import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpvsSchedulerName } from '../../../../kube-proxy-settings.js';
import { VirtualServer } from '../real-servers.js';
import { createScheduler, IPVS_SCHEDULERS } from './create-scheduler.js';
import { Maglev } from './maglev.js';
import { NONE } from './scheduler.js';
import { schedulerConformance } from './schedulers.conformance.js';

for (const name of IPVS_SCHEDULERS) {
  schedulerConformance(name, () => createScheduler(name), { refuses: ['sh', 'dh', 'mh'].includes(name) });
}

/** Servers that stand in the list in the order of `weights`, with their positions as addresses. */
function serversOf(name: IpvsSchedulerName, weights: readonly number[]): VirtualServer {
  const servers = new VirtualServer('TCP', createScheduler(name));
  for (let address = weights.length - 1; address >= 0; address--) servers.add(address, weights[address]!);
  return servers;
}

const VIRTUAL_IP = 0x0a600001;
const flowOf = (source: number, timeNs = 0) => ({ source, sourcePort: 40_000, destination: VIRTUAL_IP, timeNs });

/** Addresses of so many flows, each of which stays open. */
const picksOf = (servers: VirtualServer, flows: number): number[] =>
  Array.from({ length: flows }, (_, source) => {
    const position = servers.pick(flowOf(source));
    if (position === NONE) return NONE;
    servers.active[position]!++;
    return servers.address[position]!;
  });

describe('by turns', () => {
  it('rr goes round the list from its front', () => {
    expect(picksOf(serversOf('rr', [1, 1, 1]), 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it('rr passes over servers of weight 0, and is blind to other weights', () => {
    expect(picksOf(serversOf('rr', [5, 0, 1]), 4)).toEqual([0, 2, 0, 2]);
  });

  it('rr goes on after a server that is removed, and does not skip or repeat when one is put in front', () => {
    const servers = serversOf('rr', [1, 1, 1, 1]);
    expect(picksOf(servers, 2)).toEqual([0, 1]);
    servers.remove(1);
    expect(picksOf(servers, 1)).toEqual([2]);
    servers.add(9, 1);
    expect(picksOf(servers, 3)).toEqual([3, 9, 0]);
    servers.remove(servers.positionOf(9));
    expect(picksOf(servers, 1)).toEqual([2]);
  });

  it('wrr interleaves: the heavier begin, the lighter join as the current weight falls', () => {
    // The example of the LVS documentation: weights 4, 3 and 2 give AABABCABC.
    expect(picksOf(serversOf('wrr', [4, 3, 2]), 18)).toEqual([0, 0, 1, 0, 1, 2, 0, 1, 2, 0, 0, 1, 0, 1, 2, 0, 1, 2]);
    expect(picksOf(serversOf('wrr', [3, 1]), 4)).toEqual([0, 0, 0, 1]);
  });

  it('wrr goes by weights over their greatest common divisor', () => {
    expect(picksOf(serversOf('wrr', [40, 30, 20]), 9)).toEqual([0, 0, 1, 0, 1, 2, 0, 1, 2]);
  });

  it('wrr of equal weights is rr', () => {
    expect(picksOf(serversOf('wrr', [1, 1, 1]), 6)).toEqual(picksOf(serversOf('rr', [1, 1, 1]), 6));
  });

  it('wrr begins a round anew when a weight changes', () => {
    const servers = serversOf('wrr', [2, 2]);
    expect(picksOf(servers, 1)).toEqual([0]);
    servers.setWeight(0, 0);
    expect(picksOf(servers, 2)).toEqual([1, 1]);
    servers.setWeight(0, 1);
    const shares = picksOf(servers, 9);
    expect(shares.filter((address) => address === 0)).toHaveLength(3);
  });

  it('gives every server its exact share of whole rounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        (weights, rounds) => {
          const total = weights.reduce((sum, one) => sum + one, 0);
          const picks = picksOf(serversOf('wrr', weights), total * rounds);
          weights.forEach((one, address) => {
            expect(picks.filter((pick) => pick === address)).toHaveLength(total === 0 ? 0 : one * rounds);
          });
        },
      ),
    );
  });
});

describe('by connections', () => {
  /** The first pick of servers with [weight, active, inactive]. */
  const firstPick = (name: IpvsSchedulerName, state: readonly (readonly [number, number, number])[]): number => {
    const servers = serversOf(
      name,
      state.map(([weight]) => weight),
    );
    state.forEach(([, active, inactive], position) => {
      servers.active[position] = active;
      servers.inactive[position] = inactive;
    });
    return servers.pick(flowOf(1));
  };

  it.each([
    {
      name: 'lc',
      why: 'fewest active',
      state: [
        [1, 3, 0],
        [1, 1, 0],
        [1, 2, 0],
      ],
      expected: 1,
    },
    {
      name: 'lc',
      why: 'an active one counts as 256 inactive ones',
      state: [
        [1, 1, 0],
        [1, 0, 255],
      ],
      expected: 1,
    },
    {
      name: 'lc',
      why: 'and 257 inactive ones are more',
      state: [
        [1, 1, 0],
        [1, 0, 257],
      ],
      expected: 0,
    },
    {
      name: 'lc',
      why: 'ties go to the first',
      state: [
        [1, 1, 0],
        [1, 1, 0],
      ],
      expected: 0,
    },
    {
      name: 'lc',
      why: 'weights do not count',
      state: [
        [1, 2, 0],
        [100, 3, 0],
      ],
      expected: 0,
    },
    {
      name: 'wlc',
      why: 'connections for the weight: 2/1 against 3/2',
      state: [
        [1, 2, 0],
        [2, 3, 0],
      ],
      expected: 1,
    },
    {
      name: 'wlc',
      why: 'idle servers tie whatever their weight',
      state: [
        [1, 0, 0],
        [2, 0, 0],
      ],
      expected: 0,
    },
    {
      name: 'sed',
      why: 'of idle servers the heavier: 1/1 against 1/2',
      state: [
        [1, 0, 0],
        [2, 0, 0],
      ],
      expected: 1,
    },
    {
      name: 'sed',
      why: 'one more on each: 3/3 against 1/1 is a tie',
      state: [
        [3, 2, 0],
        [1, 0, 0],
      ],
      expected: 0,
    },
    {
      name: 'sed',
      why: 'inactive ones do not count',
      state: [
        [1, 1, 0],
        [1, 0, 999],
      ],
      expected: 1,
    },
    {
      name: 'nq',
      why: 'an idle server before a faster one',
      state: [
        [10, 1, 0],
        [1, 0, 0],
      ],
      expected: 1,
    },
    {
      name: 'nq',
      why: 'sed when none is idle: 2/10 against 2/1',
      state: [
        [1, 1, 0],
        [10, 1, 0],
      ],
      expected: 1,
    },
    {
      name: 'nq',
      why: 'an idle server of weight 0 is none',
      state: [
        [1, 1, 0],
        [0, 0, 0],
        [3, 1, 0],
      ],
      expected: 2,
    },
  ] as const)('$name: $why', ({ name, state, expected }) => {
    expect(firstPick(name, state)).toBe(expected);
  });

  it('all of them even out the connections of equal servers', () => {
    for (const name of ['lc', 'wlc', 'sed', 'nq'] as const) {
      const servers = serversOf(name, [1, 1, 1, 1]);
      servers.active[2] = 6;
      picksOf(servers, 18);
      expect([...servers.active.subarray(0, 4)]).toEqual([6, 6, 6, 6]);
    }
  });

  it('wlc spreads by weight', () => {
    const servers = serversOf('wlc', [1, 2, 3]);
    picksOf(servers, 600);
    expect([...servers.active.subarray(0, 3)]).toEqual([100, 200, 300]);
  });
});

describe('by destination', () => {
  it('lblc keeps to a server until it has more connections than its weight while another has less than half', () => {
    // Weight 1: the second connection is still taken, since 1 is not more than 1.
    expect(picksOf(serversOf('lblc', [1, 1, 1]), 4)).toEqual([0, 0, 1, 1]);
    // When all have connections none has less than half its weight, and the last server keeps all.
    expect(picksOf(serversOf('lblc', [1, 1]), 8)).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('lblc remembers a server for each destination', () => {
    const servers = serversOf('lblc', [4, 4]);
    const pick = (destination: number): number => {
      const position = servers.pick({ source: 1, sourcePort: 1, destination, timeNs: 0 });
      servers.active[position]!++;
      return servers.address[position]!;
    };
    expect([1, 2, 1, 2, 1].map(pick)).toEqual([0, 1, 0, 1, 0]);
  });

  it('lblcr grows its set under load and takes the least of it', () => {
    const servers = serversOf('lblcr', [1, 1, 1]);
    expect(picksOf(servers, 2)).toEqual([0, 0]);
    // 0 is overloaded: 1 joins, then has the least connections.
    expect(picksOf(servers, 2)).toEqual([1, 1]);
    expect(picksOf(servers, 2)).toEqual([2, 2]);
    // All overloaded, none idle: the least of the set.
    expect(picksOf(servers, 3)).toEqual([0, 1, 2]);
  });

  it('lblcr loses the most loaded of its set when that was the same for a day', () => {
    const servers = serversOf('lblcr', [1, 1, 1]);
    picksOf(servers, 4);
    // 0 and 1 are the set; 0 has more.
    servers.active[0] = 3;
    servers.active[1] = 1;
    servers.active[2] = 1;
    const dayNs = 86_400e9;
    expect(servers.pick(flowOf(1, dayNs))).toBe(1);
    expect(servers.pick(flowOf(1, dayNs + 1))).toBe(1);
    // 0 has left the set: it is not picked though it is idle, as long as 1 is not overloaded.
    servers.active[0] = 0;
    expect(servers.pick(flowOf(1, dayNs + 2))).toBe(1);
  });

  it('dh sends all flows of a virtual server to one server', () => {
    const picks = new Set(picksOf(serversOf('dh', [1, 1, 1, 1]), 200));
    expect(picks.size).toBe(1);
  });
});

describe('by source', () => {
  const CLIENTS = Array.from({ length: 20_000 }, (_, client) => 0x0af40000 + client * 7);
  const sharesOf = (servers: VirtualServer): number[] => {
    const shares = Array<number>(servers.count).fill(0);
    for (const source of CLIENTS) {
      const position = servers.pick({ source, sourcePort: source & 0xffff, destination: VIRTUAL_IP, timeNs: 0 });
      if (position !== NONE) shares[position]! += 1 / CLIENTS.length;
    }
    return shares;
  };

  it('sh gives a client the same server on every node and from every port', () => {
    const [here, there] = [serversOf('sh', [1, 1, 1]), serversOf('sh', [1, 1, 1])];
    for (const source of CLIENTS.slice(0, 300)) {
      const position = here.pick({ source, sourcePort: 1, destination: 1, timeNs: 0 });
      expect(there.pick({ source, sourcePort: 2, destination: 1, timeNs: 0 })).toBe(position);
    }
  });

  it.each(['sh', 'mh'] as const)('%s has shares by weight', (name) => {
    const shares = sharesOf(serversOf(name, [1, 1, 2]));
    [0.25, 0.25, 0.5].forEach((share, position) => expect(Math.abs(shares[position]! - share)).toBeLessThan(0.03));
  });

  it('sh refuses the clients of a server that waits to be deleted', () => {
    const servers = serversOf('sh', [1, 1]);
    servers.setWeight(0, 0);
    const [waiting, other] = sharesOf(servers);
    expect(waiting).toBe(0);
    expect(other).toBeGreaterThan(0.4);
    expect(other).toBeLessThan(0.6);
  });

  it('mh has no entry for such a server: its clients go to others', () => {
    const servers = serversOf('mh', [1, 1]);
    servers.setWeight(0, 0);
    expect(sharesOf(servers)[1]).toBeCloseTo(1, 9);
  });

  it('mh looks at the port of the client as well', () => {
    const servers = serversOf('mh', [1, 1, 1, 1]);
    const picks = new Set(
      CLIENTS.slice(0, 200).map((port) =>
        servers.pick({ source: 1, sourcePort: port & 0xffff, destination: 1, timeNs: 0 }),
      ),
    );
    expect(picks.size).toBe(4);
  });

  describe('the table of Maglev', () => {
    const tableOf = (weights: readonly number[]) => {
      const maglev = new Maglev();
      const servers = new VirtualServer('TCP', maglev);
      for (let address = weights.length - 1; address >= 0; address--) servers.add(address, weights[address]!);
      return { servers, entries: () => weights.map((_, position) => maglev.entriesOf(servers, position)) };
    };

    it('is full, and even to an entry', () => {
      for (const count of [1, 2, 3, 7, 100, 1000]) {
        const entries = tableOf(Array<number>(count).fill(1)).entries();
        expect(entries.reduce((sum, one) => sum + one, 0)).toBe(4093);
        expect(Math.max(...entries) - Math.min(...entries)).toBeLessThanOrEqual(1);
      }
    });

    it('is even to a turn by weight', () => {
      const entries = tableOf([3, 6, 0, 9]).entries();
      expect(entries[2]).toBe(0);
      expect(entries.reduce((sum, one) => sum + one, 0)).toBe(4093);
      [1, 2, 0, 3].forEach((turns, position) => {
        expect(Math.abs(entries[position]! - (4093 * turns) / 6)).toBeLessThanOrEqual(Math.max(turns, 0));
      });
    });

    it('moves few clients beside those of the server that goes', () => {
      const { servers } = tableOf(Array<number>(20).fill(1));
      const before = CLIENTS.map((source) => servers.address[servers.pick(flowOf(source))]!);
      servers.remove(servers.positionOf(5));
      let moved = 0;
      CLIENTS.forEach((source, client) => {
        const after = servers.address[servers.pick(flowOf(source))]!;
        expect(after).not.toBe(5);
        if (before[client] !== 5 && after !== before[client]) moved++;
      });
      // Taking all clients modulo the number of servers would move 95 % of them.
      expect(moved / CLIENTS.length).toBeLessThan(0.1);
      expect(moved).toBeGreaterThan(0);
    });
  });
});

describe('over the nodes of a cluster', () => {
  it('rr on each of many nodes leaves to chance what whole rounds leave over', () => {
    // 1,000 nodes with 24 flows each to 10 servers: two whole rounds, and four flows to whoever comes first in the list.
    const FLOWS = 24;
    const load = Array<number>(10).fill(0);
    for (let node = 0; node < 1000; node++) {
      const servers = new VirtualServer('TCP', createScheduler('rr'));
      // Each node was told of the endpoints in another order.
      for (let step = 0; step < 10; step++) servers.add((node * 7 + step * [1, 3, 7, 9][node % 4]!) % 10, 1);
      for (const address of picksOf(servers, FLOWS)) load[address]!++;
    }
    for (const flows of load) expect(Math.abs(flows - 2400)).toBeLessThan(150);
  });
});
