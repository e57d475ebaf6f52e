import FlatQueue from 'flatqueue';
import TinyQueue from 'tinyqueue';

import { BinaryHeapQueue } from '../../sim/kernel/binary-heap-queue.js';
import type { EventQueue } from '../../sim/kernel/event-queue.js';
import { TrajectoryHash } from '../../sim/kernel/fingerprint.js';
import { LadderQueue } from '../../sim/kernel/ladder-queue.js';
import type { Suite, Task } from '../suite.js';
import { type DistributionName, distributionNames, drawIncrementsNs, INCREMENT_MASK } from './increments.js';

type MeasuredQueue = Omit<EventQueue, 'clear'>;

/** npm's tinyqueue as it is mostly used: objects and a comparator. Order among ties is not defined. */
class TinyQueueOfObjects implements MeasuredQueue {
  private readonly queue = new TinyQueue<{ time: number; id: number }>([], (a, b) => a.time - b.time);

  get size(): number {
    return this.queue.length;
  }

  push(time: number, id: number): void {
    this.queue.push({ time, id });
  }

  peekTimeNs(): number {
    return this.queue.peek()!.time;
  }

  pop(): number {
    return this.queue.pop()!.id;
  }
}

/** npm's flatqueue, the fastest of the common ones. Order among ties is not defined. */
class FlatQueueOfNumbers implements MeasuredQueue {
  private readonly queue = new FlatQueue();

  get size(): number {
    return this.queue.length;
  }

  push(time: number, id: number): void {
    this.queue.push(id, time);
  }

  peekTimeNs(): number {
    return this.queue.peekValue()!;
  }

  pop(): number {
    return this.queue.pop()!;
  }
}

const implementations: readonly { name: string; exactOrder: boolean; create: () => MeasuredQueue }[] = [
  { name: 'ladder', exactOrder: true, create: () => new LadderQueue() },
  { name: 'binary heap', exactOrder: true, create: () => new BinaryHeapQueue() },
  { name: 'flatqueue', exactOrder: false, create: () => new FlatQueueOfNumbers() },
  { name: 'tinyqueue', exactOrder: false, create: () => new TinyQueueOfObjects() },
];

const OPERATIONS = 50_000;

/** The hold model (Jones 1986): pop the earliest event and push one at its time plus an increment, so that the number pending stays. */
function hold(queue: MeasuredQueue, incrementsNs: Float64Array, operations: number): void {
  for (let i = 0; i < operations; i++) {
    const nowNs = queue.peekTimeNs();
    queue.push(nowNs + incrementsNs[i & INCREMENT_MASK]!, queue.pop());
  }
}

function fill(queue: MeasuredQueue, incrementsNs: Float64Array, pending: number): void {
  for (let event = 0; event < pending; event++) queue.push(incrementsNs[(7 * event) & INCREMENT_MASK]!, event);
}

/** The trajectory of two rounds through all pending events. */
function trajectory(queue: MeasuredQueue, incrementsNs: Float64Array, pending: number): string {
  const hash = new TrajectoryHash();
  fill(queue, incrementsNs, pending);
  for (let i = 0; i < 2 * pending; i++) {
    const nowNs = queue.peekTimeNs();
    const event = queue.pop();
    hash.add(nowNs, 0, event, 0);
    queue.push(nowNs + incrementsNs[i & INCREMENT_MASK]!, event);
  }
  return hash.toString();
}

const GATED = new Set(['ladder, 1,000 exponential', 'ladder, 100,000 exponential', 'ladder, 10,000 heavy-tailed']);

function holdTasks(pending: number, distribution: DistributionName): Task[] {
  const load = `${pending.toLocaleString('en')} ${distribution}`;
  return implementations.map(({ name: implementation, exactOrder, create }) => {
    const name = `${implementation}, ${load}`;
    return {
      name,
      operations: OPERATIONS,
      gated: GATED.has(name),
      prepare: () => {
        const incrementsNs = drawIncrementsNs(distribution);
        const queue = create();
        fill(queue, incrementsNs, pending);
        // Two rounds, after which the pending times have the distribution that they keep.
        hold(queue, incrementsNs, 2 * pending);
        return () => hold(queue, incrementsNs, OPERATIONS);
      },
      ...(exactOrder && {
        check: { group: load, result: () => trajectory(create(), drawIncrementsNs(distribution), pending) },
      }),
    };
  });
}

const DESCENDING = 20_000;
/** Before the times of all events that a queue of these tasks already holds. */
const BEFORE_PENDING_NS = 1e9;

/** Pushes events each of which is due before all others, as when a plan is worked out from its end, and pops them. */
function pushDescending(queue: MeasuredQueue, popped: (timeNs: number, event: number) => void): void {
  for (let event = 0; event < DESCENDING; event++) queue.push(BEFORE_PENDING_NS - 1000 * event, event);
  for (let i = 0; i < DESCENDING; i++) {
    const timeNs = queue.peekTimeNs();
    popped(timeNs, queue.pop());
  }
}

function descendingTasks(): Task[] {
  const load = `${DESCENDING.toLocaleString('en')} descending`;
  return implementations.map(({ name: implementation, exactOrder, create }) => {
    const prepareQueue = (): MeasuredQueue => {
      const queue = create();
      const incrementsNs = drawIncrementsNs('exponential');
      for (let event = 0; event < 1000; event++) queue.push(BEFORE_PENDING_NS + 1 + incrementsNs[event]!, event);
      queue.peekTimeNs();
      return queue;
    };
    return {
      name: `${implementation}, ${load}`,
      operations: DESCENDING,
      prepare: () => {
        const queue = prepareQueue();
        let sum = 0;
        const add = (timeNs: number, event: number): void => {
          sum += timeNs + event;
        };
        return () => {
          pushDescending(queue, add);
          return sum;
        };
      },
      ...(exactOrder && {
        check: {
          group: load,
          result: () => {
            const hash = new TrajectoryHash();
            pushDescending(prepareQueue(), (timeNs, event) => hash.add(timeNs, 0, event, 0));
            return hash.toString();
          },
        },
      }),
    };
  });
}

export const eventQueueSuite: Suite = {
  name: 'event-queue',
  description:
    'Hold model, by events pending and distribution of increments, and descending pushes; ladder and heap keep the order of ties',
  tasks: [
    ...[1000, 10_000, 100_000].flatMap((pending) => holdTasks(pending, 'exponential')),
    ...distributionNames.filter((name) => name !== 'exponential').flatMap((name) => holdTasks(10_000, name)),
    ...descendingTasks(),
  ],
  requirements: [
    { other: 'tinyqueue', atLeast: 10 },
    { other: 'flatqueue', atLeast: 2 },
  ].map(({ other, atLeast }) => ({
    description: `ladder / ${other} at 100,000 pending`,
    faster: 'ladder, 100,000 exponential',
    slower: `${other}, 100,000 exponential`,
    atLeast,
  })),
};
