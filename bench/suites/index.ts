import type { Suite } from '../suite.js';
import { eventQueueSuite } from './event-queue.js';
import { fanOutSuite } from './fan-out.js';
import { histogramSuite } from './histogram.js';
import { randomSuite } from './random.js';
import { requestSuite } from './requests.js';
import { ruleHistorySuite } from './rule-history.js';
import { simulationSuite } from './simulation.js';
import { trafficSuite } from './traffic.js';

/** All suites, in the order in which they run. */
export const suites: readonly Suite[] = [
  eventQueueSuite,
  simulationSuite,
  fanOutSuite,
  ruleHistorySuite,
  randomSuite,
  histogramSuite,
  trafficSuite,
  requestSuite,
];
