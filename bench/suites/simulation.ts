import { Simulation } from '../../sim/kernel/simulation.js';
import type { Suite, Task } from '../suite.js';
import { drawIncrementsNs, INCREMENT_MASK } from './increments.js';

const OPERATIONS = 50_000;

/** Each event schedules its successor: the hold model with the whole of the engine around the queue. */
function dispatchTask(pending: number, fingerprint: boolean): Task {
  return {
    name: `${pending.toLocaleString('en')} pending${fingerprint ? ', fingerprint' : ''}`,
    operations: OPERATIONS,
    gated: pending === 1000 && fingerprint,
    prepare: () => {
      const incrementsNs = drawIncrementsNs('exponential');
      const simulation = new Simulation({ fingerprint });
      let left = 0;
      const kind = simulation.registerKind('hold', (a, b) => {
        simulation.schedule(simulation.nowNs + incrementsNs[a]!, kind, (a + 1) & INCREMENT_MASK, b);
        if (--left === 0) simulation.stop();
      });
      for (let event = 0; event < pending; event++) {
        const increment = (7 * event) & INCREMENT_MASK;
        simulation.schedule(incrementsNs[increment]!, kind, increment, event);
      }
      const fire = (events: number): void => {
        left = events;
        simulation.run();
      };
      fire(2 * pending);
      return () => fire(OPERATIONS);
    },
  };
}

export const simulationSuite: Suite = {
  name: 'simulation',
  description: 'Events fired and scheduled by the engine, hold model, exponential increments',
  tasks: [dispatchTask(1000, false), dispatchTask(1000, true), dispatchTask(100_000, false)],
};
