/** What every IPVS scheduler must hold to, whatever it picks by. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEligible, VirtualServer } from '../real-servers.js';
import { type Flow, type IpvsScheduler, NONE } from './scheduler.js';

interface Traits {
  /** Refuses flows although another server could have them. */
  readonly refuses: boolean;
}

type Step =
  | { readonly operation: 'add'; readonly address: number; readonly weight: number }
  | { readonly operation: 'remove' | 'close' | 'overload'; readonly address: number }
  | { readonly operation: 'weigh'; readonly address: number; readonly weight: number }
  | { readonly operation: 'pick'; readonly source: number; readonly sourcePort: number };

const address = fc.nat(12);
const weight = fc.constantFrom(0, 1, 1, 1, 2, 3, 10);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ operation: fc.constant('add' as const), address, weight }) },
    {
      weight: 2,
      arbitrary: fc.record({
        operation: fc.constantFrom('remove' as const, 'close' as const, 'overload' as const),
        address,
      }),
    },
    { weight: 1, arbitrary: fc.record({ operation: fc.constant('weigh' as const), address, weight }) },
    {
      weight: 5,
      arbitrary: fc.record({
        operation: fc.constant('pick' as const),
        source: fc.integer({ min: 0, max: 0xffffffff }),
        sourcePort: fc.integer({ min: 1, max: 65_535 }),
      }),
    },
  ),
  { maxLength: 100 },
);

/** Address of each pick, NONE for a refused flow. */
function play(
  scheduler: IpvsScheduler,
  sequence: readonly Step[],
  check?: (servers: VirtualServer, position: number) => void,
) {
  const servers = new VirtualServer('TCP', scheduler);
  const flow: Flow = { source: 0, sourcePort: 0, destination: 0x0a600001, timeNs: 0 };
  const picks: number[] = [];
  for (const step of sequence) {
    if (step.operation === 'pick') {
      flow.source = step.source;
      flow.sourcePort = step.sourcePort;
      flow.timeNs += 1e9;
      const position = servers.pick(flow);
      check?.(servers, position);
      if (position !== NONE) servers.active[position]!++;
      picks.push(position === NONE ? NONE : servers.address[position]!);
      continue;
    }
    const position = servers.positionOf(step.address);
    if (step.operation === 'add') {
      if (position === NONE) servers.add(step.address, step.weight);
    } else if (position === NONE) continue;
    else if (step.operation === 'remove') servers.remove(position);
    else if (step.operation === 'weigh') servers.setWeight(position, step.weight);
    else if (step.operation === 'overload') servers.overloaded[position]! ^= 1;
    else if (servers.active[position]! > 0) {
      servers.active[position]!--;
      servers.inactive[position]!++;
    }
  }
  return picks;
}

export function schedulerConformance(name: string, create: () => IpvsScheduler, { refuses }: Traits): void {
  describe(`scheduler ${name}`, () => {
    it('picks a server that may have the flow, or none', () => {
      fc.assert(
        fc.property(steps, (sequence) => {
          play(create(), sequence, (servers, position) => {
            const eligible = Array.from({ length: servers.count }, (_, at) => at).filter((at) =>
              isEligible(servers, at),
            );
            if (position !== NONE) expect(eligible).toContain(position);
            else if (!refuses) expect(eligible).toEqual([]);
          });
        }),
      );
    });

    it('picks the same in the same history, and has no state beside that of its virtual server', () => {
      fc.assert(
        fc.property(steps, steps, (sequence, elsewhere) => {
          const alone = play(create(), sequence);
          const one = create();
          play(create(), elsewhere);
          expect(play(one, sequence)).toEqual(alone);
        }),
      );
    });

    it('has nothing to pick from no server, and from servers of weight 0', () => {
      const flow = { source: 1, sourcePort: 2, destination: 3, timeNs: 0 };
      const servers = new VirtualServer('TCP', create());
      expect(servers.pick(flow)).toBe(NONE);
      servers.add(1, 0);
      servers.add(2, 0);
      expect(servers.pick(flow)).toBe(NONE);
      servers.setWeight(1, 1);
      servers.setWeight(0, 1);
      expect(servers.pick(flow)).not.toBe(NONE);
      servers.overloaded.fill(1);
      expect(servers.pick(flow)).toBe(NONE);
    });

    it('asks the only server there is, from any client', () => {
      const servers = new VirtualServer('TCP', create());
      servers.add(9, 1);
      for (let client = 0; client < 100; client++) {
        expect(servers.pick({ source: client, sourcePort: 40_000 + client, destination: 3, timeNs: client })).toBe(0);
        servers.active[0]!++;
      }
    });
  });
}
