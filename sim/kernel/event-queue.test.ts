import { BinaryHeapQueue } from './binary-heap-queue.js';
import { describeEventQueue } from './event-queue.conformance.js';
import { LadderQueue } from './ladder-queue.js';

describeEventQueue('LadderQueue', () => new LadderQueue());
describeEventQueue('BinaryHeapQueue', () => new BinaryHeapQueue());
