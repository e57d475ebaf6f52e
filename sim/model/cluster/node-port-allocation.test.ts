import { describe, expect, test } from 'vitest';
import { RandomStreams } from '../../kernel/random.js';
import { nodePortRange } from './allocation-bands.js';
import { collisionProbability } from './allocation-collisions.js';
import { allocateNodePorts, type NodePortDemand, type NodePortUse } from './node-port-allocation.js';

const DEFAULT_RANGE = nodePortRange('30000-32767', true);
const CHOSEN: NodePortDemand = { chosen: 1, automatic: 0 };
const AUTOMATIC: NodePortDemand = { chosen: 0, automatic: 1 };

const allocate = (demands: readonly NodePortDemand[], seed = 1, range = DEFAULT_RANGE): NodePortUse => {
  const stream = new RandomStreams(seed, 0).stream('test');
  return allocateNodePorts(range, demands, (bound) => stream.integerBelow(bound));
};
const times = (count: number, demand: NodePortDemand): NodePortDemand[] => Array<NodePortDemand>(count).fill(demand);

test('what is left to the API server is never refused', () => {
  expect(allocate(times(2768, AUTOMATIC))).toEqual({ allocated: 2768, refused: 0, refusalProbability: 0 });
  expect(allocate([{ chosen: 0, automatic: 3 }, AUTOMATIC])).toMatchObject({ allocated: 4 });
});

test('one port more than there are is not handed out', () => {
  expect(() => allocate(times(2769, AUTOMATIC))).toThrow('more node ports are asked for than the 2768 there are');
  expect(() => allocate([...times(2768, AUTOMATIC), CHOSEN])).toThrow('more node ports');
});

test('choices alone are refused as often as birthdays meet', () => {
  for (const choices of [1, 10, 63, 200]) {
    const expected = collisionProbability(choices, DEFAULT_RANGE.size);
    expect(allocate(times(choices, CHOSEN)).refusalProbability).toBeCloseTo(expected, 14);
    expect(allocate([{ chosen: choices, automatic: 0 }]).refusalProbability).toBeCloseTo(expected, 14);
  }
});

test('who comes first is not refused, and those who come later are', () => {
  const range = nodePortRange('30000-30099', true);
  const automatic = times(50, AUTOMATIC);
  expect(allocate([CHOSEN, ...automatic], 1, range).refusalProbability).toBe(0);
  expect(allocate([...automatic, CHOSEN], 1, range).refusalProbability).toBe(0.5);
});

describe('a refused choice is made again', () => {
  const range = nodePortRange('30000-30019', true);

  test('until a port is found', () => {
    const { allocated, refused, refusalProbability } = allocate(times(20, CHOSEN), 5, range);
    expect(allocated).toBe(20);
    expect(refused).toBeGreaterThan(0);
    expect(refusalProbability).toBeCloseTo(1, 6);
  });

  test('and some choice is refused in as many runs as the probability says', () => {
    const demands = [AUTOMATIC, AUTOMATIC, CHOSEN, AUTOMATIC, CHOSEN, CHOSEN];
    const runs = 4000;
    let withRefusals = 0;
    for (let run = 0; run < runs; run++) if (allocate(demands, run, range).refused > 0) withRefusals++;
    const expected = 1 - (18 / 20) * (16 / 20) * (15 / 20);
    expect(allocate(demands, 0, range).refusalProbability).toBeCloseTo(expected, 14);
    // Four and a half standard errors of a share of one half.
    expect(Math.abs(withRefusals / runs - expected)).toBeLessThan(0.036);
  });
});
