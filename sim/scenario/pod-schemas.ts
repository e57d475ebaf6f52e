/**
 * The fields of what runs pods, as users write them: kubelets, probes, how pods start and end, and the parts that other
 * sections have in common with them. Defaults are not here but in the version profiles.
 */

import { z } from 'zod';

import { duration, flag, period, positiveNumber, wholeNumber } from './fields.js';
import { MAX_RATE } from './limits.js';

/** A lognormal time, given by its median and 99th percentile. */
export const latencySchema = (what: string) =>
  z
    .strictObject({
      median: duration().optional().describe(`Median of ${what}.`),
      p99: duration()
        .optional()
        .describe(`99th percentile of ${what}; with the median it fixes a lognormal distribution.`),
    })
    .optional();

/** A client-go token bucket. */
export const clientLimits = {
  kubeApiQps: positiveNumber(MAX_RATE)
    .optional()
    .describe('Requests per second that the client may send (--kube-api-qps).'),
  kubeApiBurst: wholeNumber({ min: 1, max: MAX_RATE })
    .optional()
    .describe('Requests that the client may send at once after a pause (--kube-api-burst).'),
};

export const kubelet = z.strictObject({
  ...clientLimits,
  nodeLeaseDurationSeconds: wholeNumber({ min: 1, max: 3600 })
    .optional()
    .describe('Duration of the lease of a node, which is renewed four times in it.'),
  nodeStatusUpdateFrequency: period()
    .optional()
    .describe('How often a kubelet computes the status of its node: a node that is back reports so within this time.'),
  nodeStatusReportFrequency: period()
    .optional()
    .describe('How often a kubelet writes the status of its node when it does not change.'),
  immediateReadinessProbe: flag()
    .optional()
    .describe('Whether a kubelet probes a container as soon as it sees it running, as since 1.24.'),
});

/** How the pods of a service, or of all services, end. */
export const termination = {
  terminationGracePeriodSeconds: wholeNumber({ min: 1, max: 86_400 })
    .optional()
    .describe('Time from the deletion of a pod to the moment when its containers are killed.'),
  preStop: z
    .strictObject({ sleep: duration().describe('How long the hook sleeps before the containers get SIGTERM.') })
    .optional()
    .describe('A preStop hook that sleeps, so that nodes can be told before the application goes.'),
};

const MAX_PROBE_SECONDS = 86_400;
const MAX_PROBE_THRESHOLD = 1000;

export const readinessProbe = z.strictObject({
  initialDelaySeconds: wholeNumber({ min: 0, max: MAX_PROBE_SECONDS })
    .optional()
    .describe('Seconds from the start of a container to its first probe. Default: 0.'),
  periodSeconds: wholeNumber({ min: 1, max: MAX_PROBE_SECONDS })
    .optional()
    .describe('Seconds from one probe to the next. Default: 10.'),
  timeoutSeconds: wholeNumber({ min: 1, max: MAX_PROBE_SECONDS })
    .optional()
    .describe('Seconds after which a probe without an answer has failed. Default: 1.'),
  successThreshold: wholeNumber({ min: 1, max: MAX_PROBE_THRESHOLD })
    .optional()
    .describe('Successes in a row after which a pod is ready. Default: 1.'),
  failureThreshold: wholeNumber({ min: 1, max: MAX_PROBE_THRESHOLD })
    .optional()
    .describe('Failures in a row after which a pod is not ready. Default: 3.'),
});

export const pods = z.strictObject({
  startup: latencySchema('the time from the binding of a pod to a node to the start of its containers').describe(
    'From the binding of a pod to a node to the moment when its containers run, lognormal. Scheduling, the up to one second until the kubelet notices, and readiness probes come on top.',
  ),
  shutdown: latencySchema('the time from SIGTERM to the end of the containers').describe(
    'From SIGTERM, which comes after the preStop hook, to the moment when the containers of a pod have stopped, lognormal; at most what is left of the grace period.',
  ),
  ...termination,
});
