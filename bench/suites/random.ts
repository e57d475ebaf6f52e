import { exponential, lognormalFromMedianP99, standardNormalQuantile } from '../../sim/kernel/distributions.js';
import { RandomStreams } from '../../sim/kernel/random.js';
import type { Suite, Task } from '../suite.js';

const OPERATIONS = 200_000;

/** Adds up what `draw` returns, so that no draw can be left out as unused. */
function drawTask(name: string, gated: boolean, prepareDraw: (streams: RandomStreams) => (i: number) => number): Task {
  return {
    name,
    operations: OPERATIONS,
    gated,
    prepare: () => {
      const draw = prepareDraw(new RandomStreams('bench', 0));
      return () => {
        let sum = 0;
        for (let i = 0; i < OPERATIONS; i++) sum += draw(i);
        return sum;
      };
    },
  };
}

/** The i-th of 8,192 numbers in the middle of equal parts of (0, 1), in an order without a pattern. */
const spread = (i: number): number => (((i * 5417) & 8191) + 0.5) / 8192;

export const randomSuite: Suite = {
  name: 'random',
  description: 'Random numbers and variates, one per operation',
  tasks: [
    drawTask('stream, double', false, (streams) => {
      const stream = streams.stream('p');
      return () => stream.double();
    }),
    drawTask('counter hash', true, (streams) => {
      const hash = streams.hash('p');
      return (i) => hash.uniform(i & 1023, i);
    }),
    drawTask('exponential', false, () => (i) => exponential(spread(i), 5)),
    drawTask('standard normal quantile', false, () => (i) => standardNormalQuantile(spread(i))),
    drawTask('lognormal', false, () => (i) => lognormalFromMedianP99(spread(i), 5, 20)),
  ],
};
