/**
 * Horizontal pod autoscalers, as users write them. `behavior` has the names and units of the autoscaling/v2 API, so that it can
 * be pasted from a manifest. Defaults are those of the API, in the version profiles and rules.
 */

import { z } from 'zod';

import { choice, duration, label, percent, wholeNumber } from './fields.js';
import { MAX_PODS } from './limits.js';

/** Far above what a pod can use. */
const MAX_UTILIZATION = 1000;
/** Limits of the API. */
const MAX_POLICY_PERIOD_SECONDS = 1800;
const MAX_WINDOW_SECONDS = 3600;

const policy = z.strictObject({
  type: choice(['Pods', 'Percent']).describe('Whether the value is a number of pods or a percentage of them.'),
  value: wholeNumber({ min: 1, max: MAX_PODS }).describe('How many pods, or how many percent, may come or go.'),
  periodSeconds: wholeNumber({ min: 1, max: MAX_POLICY_PERIOD_SECONDS }).describe('Within how many seconds.'),
});

const scalingRules = (direction: 'up' | 'down') =>
  z
    .strictObject({
      stabilizationWindowSeconds: wholeNumber({ min: 0, max: MAX_WINDOW_SECONDS })
        .optional()
        .describe('For how many seconds past recommendations hold back a change in this direction.'),
      selectPolicy: choice(['Max', 'Min', 'Disabled'])
        .optional()
        .describe(
          'Which policy holds: the one with the greatest or the smallest change; Disabled forbids the direction.',
        ),
      policies: z.array(policy).optional().describe('How fast may be scaled.'),
    })
    .optional()
    .describe(`How the autoscaler scales ${direction}; what is left out has the default of the API.`);

const loadStep = z.strictObject({
  at: duration().describe('When the load changes, from the start of the run.'),
  utilization: percent({ min: 0, max: MAX_UTILIZATION }).describe(
    'CPU demand on each service from then on, in percent of what its pods at the start request together. The ready pods share it evenly.',
  ),
});

/** One entry of `autoscalers`. */
export const autoscaler = z.strictObject({
  service: label().describe(
    'Name of an entry of `services`; the Deployment of each of its services has an autoscaler.',
  ),
  minReplicas: wholeNumber({ min: 1, max: MAX_PODS }).optional().describe('Fewest pods. Default: 1.'),
  maxReplicas: wholeNumber({ min: 1, max: MAX_PODS }, 'more do not fit in memory').describe('Most pods.'),
  targetUtilization: percent({ min: 0.01, max: MAX_UTILIZATION }).describe(
    'CPU usage to keep, in whole percent of the requests of the pods (averageUtilization).',
  ),
  behavior: z
    .strictObject({ scaleUp: scalingRules('up'), scaleDown: scalingRules('down') })
    .optional()
    .describe('How fast the autoscaler scales (spec.behavior).'),
  load: z
    .array(loadStep)
    .describe('How the load changes. Before the first step the pods at the start are used as the target says.'),
});
