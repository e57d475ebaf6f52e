/**
 * What may happen in a cluster, as users write it: one schema for each action of the workload. schema.ts makes the entries of
 * `workload` of them. Defaults are not here but in the version profiles.
 */

import { z } from 'zod';

import {
  choice,
  countOrPercent,
  duration,
  type FieldIssue,
  label,
  period,
  positiveNumber,
  wholeNumber,
} from './fields.js';
import { MAX_NODES, MAX_PODS, MAX_RATE, MAX_ZONES } from './limits.js';

/** A day: no rollout waits longer for one pod. */
const MAX_MIN_READY_SECONDS = 86_400;

const service = () => label().describe('Name of an entry of `services`; all services of the entry take part.');

const nodeChoice = {
  nodes: wholeNumber({ min: 1, max: MAX_NODES }).optional().describe('How many nodes, drawn at random.'),
  zone: wholeNumber({ min: 0, max: MAX_ZONES - 1 })
    .optional()
    .describe('All nodes of this zone; zones are numbered from 0. Instead of `nodes`.'),
};

const checkNodeChoice = (
  { nodes, zone }: { nodes?: unknown; zone?: number | undefined },
  context: z.RefinementCtx,
): void => {
  if ((nodes === undefined) !== (zone === undefined)) return;
  const isMissing = nodes === undefined;
  const params: FieldIssue = {
    code: isMissing ? 'KH010' : 'KH019',
    suggestion: 'write either "nodes: 10" or "zone: 0"',
  };
  const message = isMissing ? 'says neither how many nodes nor which zone' : 'has both a number of nodes and a zone';
  context.addIssue({ code: 'custom', message, params: { ...params } });
};

/** Exactly one of these stands in an entry of `workload`. */
export const actions = {
  rollingUpdate: z
    .strictObject({
      service: service(),
      maxSurge: countOrPercent(Infinity)
        .optional()
        .describe('Pods above the replicas, as a number or in percent (rounded up).'),
      maxUnavailable: countOrPercent(1)
        .optional()
        .describe('Pods below the replicas, as a number or in percent (rounded down). 0 with a maxSurge of 0 means 1.'),
      strategy: choice(['RollingUpdate', 'Recreate'])
        .optional()
        .describe('Of a Deployment: whether pods are replaced little by little, or all removed before any is made.'),
      minReadySeconds: wholeNumber({ min: 0, max: MAX_MIN_READY_SECONDS })
        .optional()
        .describe('How long a new pod must have been ready before it counts as available.'),
      partition: wholeNumber({ min: 0, max: MAX_PODS })
        .optional()
        .describe('Of a StatefulSet: pods with ordinals below this are not replaced.'),
    })
    .optional()
    .describe('The Deployment or StatefulSet of each service replaces its pods.'),
  replaceEach: z
    .strictObject({
      service: service(),
      interval: duration().describe('Time from one replacement to the next.'),
    })
    .optional()
    .describe('Replaces pod after pod, each in one API update: the assumption of published estimates.'),
  churn: z
    .strictObject({
      podsPerSecond: positiveNumber(MAX_RATE).describe('Pods replaced per second, over all services that take part.'),
      for: period().optional().describe('How long; without it, until the `duration` of the scenario ends.'),
      arrivals: choice(['poisson', 'regular'])
        .optional()
        .describe('Whether replacements come at random (Poisson process, the default) or at equal intervals.'),
      services: z
        .array(label())
        .optional()
        .describe('Names of entries of `services` whose pods take part, each pod equally likely. Default: all.'),
    })
    .optional()
    .describe('Pods are replaced at a rate.'),
  scale: z
    .strictObject({
      service: service(),
      to: wholeNumber({ min: 0, max: MAX_PODS }, 'more do not fit in memory').describe(
        'New number of pods of each service.',
      ),
    })
    .optional()
    .describe('Changes the number of replicas.'),
  editEndpoints: z
    .strictObject({
      service: service(),
      to: wholeNumber({ min: 0, max: MAX_PODS }, 'more do not fit in memory')
        .optional()
        .describe('Addresses after the write. Default: as many as before.'),
      replace: wholeNumber({ min: 0, max: MAX_PODS }, 'more do not fit in memory')
        .optional()
        .describe('Addresses that other ones take the place of. Default: 0.'),
    })
    .optional()
    .describe('Somebody writes the Endpoints object of each service, which must be one without selector.'),
  podChange: z
    .strictObject({
      service: service(),
      change: choice(['notReady', 'ready', 'replace', 'leave', 'join']).describe(
        'What happens to the pod: its readiness changes, it is replaced, or a label takes it out of the service or back in. With a readiness probe its application fails or recovers, and the kubelet notices later.',
      ),
      failure: choice(['refused', 'timeout'])
        .optional()
        .describe('How a failed application fails its readiness probe: at once, or after the timeout (the default).'),
    })
    .optional()
    .describe('One pod of each service changes.'),
  createService: z
    .strictObject({ service: service() })
    .optional()
    .describe('The service is created now, its pods being ready before; until now it was absent.'),
  restartApiServer: z
    .strictObject({
      server: wholeNumber({ min: 0, max: 99 })
        .optional()
        .describe('Which of the API servers; 0 is the first. Default: 0.'),
      for: period().describe('How long it is down.'),
    })
    .optional()
    .describe('An API server goes down and comes back: the watches of its nodes break, and come back elsewhere.'),
  slowWatchers: z
    .strictObject({
      nodes: countOrPercent(1, 'nodes', 1).describe(
        'How many nodes, as a number or in percent (rounded up); which ones is random.',
      ),
      for: period().describe('How long they do not read.'),
    })
    .optional()
    .describe('Nodes do not read from their watches for a while, as when their CPU is starved.'),
  loseNodes: z
    .strictObject({
      ...nodeChoice,
      for: period().optional().describe('When the nodes are back, their containers having run on. Default: never.'),
    })
    .superRefine(checkNodeChoice)
    .optional()
    .describe('Nodes are cut off from the cluster. Their pods are marked not ready, and later evicted.'),
  restartNodes: z
    .strictObject({
      ...nodeChoice,
      for: period().optional().describe('How long the nodes are away. Default: 30s.'),
    })
    .superRefine(checkNodeChoice)
    .optional()
    .describe('Nodes reboot; the containers of their pods are started again.'),
  restartKubeProxy: z
    .strictObject({
      nodes: countOrPercent(1, 'nodes', 1)
        .optional()
        .describe('How many nodes, as a number or in percent (rounded up), drawn at random.'),
      zone: nodeChoice.zone,
      for: period().optional().describe('How long the process is away. Default: 2s.'),
    })
    .superRefine(checkNodeChoice)
    .optional()
    .describe(
      'The kube-proxies of nodes end and come back: rules stay in the kernel, and the first sync is a full one.',
    ),
  failSyncs: z
    .strictObject({
      nodes: countOrPercent(1, 'nodes', 1).describe(
        'How many nodes, as a number or in percent (rounded up); which ones is random.',
      ),
      for: period().describe('How long every sync that starts fails.'),
    })
    .optional()
    .describe(
      'Syncs of nodes fail for a while, as when somebody else holds the lock of the tables: each is retried after the syncPeriod, with all rules.',
    ),
  failOverControllerManager: z
    .strictObject({})
    .optional()
    .describe(
      'The leading kube-controller-manager crashes; another takes over when the lease has run out. Written as {}.',
    ),
  slowEtcd: z
    .strictObject({
      factor: positiveNumber(1000).describe('How many times as long a write takes.'),
      for: period().describe('How long etcd stays slow.'),
    })
    .optional()
    .describe('Writes to etcd are slow for a while: a disk that is busy otherwise, a leader that is far away.'),
};
