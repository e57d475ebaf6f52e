/** The answer of `kube-headroom prestop` and the advice with it, in words that the HTML report and the terminal share. */

import type { PreStopAnswer, PreStopResults, SleepResult } from '../sim/experiment/prestop-results.js';
import { LAST_LOOK_FACTOR } from '../sim/experiment/prestop-search.js';
import { METRICS } from '../sim/metrics.js';
import type { Estimate } from '../sim/stats/estimate.js';
import { LOSS_CAUSES, type LossCauseName, METRIC_OF_LOSS } from '../sim/traffic-metrics.js';
import { formatPercent as percentAsWritten } from '../sim/units.js';
import { formatEstimate, formatQuantity, NO_VALUE, plural } from './format.js';
import { type ReportWarning, warningsOf } from './warnings.js';

const REMEDIES: Record<LossCauseName, string> = {
  staleRules:
    'nodes learn of the change too late; look at what binds the latency of network programming (kube-proxy minSyncPeriod, client limits of the controllers), or allow a longer sleep',
  failedPods:
    'pods or nodes fail, which no sleep helps against; a readiness probe with a shorter periodSeconds and a lower failureThreshold takes failed pods out sooner',
  noEndpoints:
    'old pods are gone before new ones are known; maxUnavailable 0 with a maxSurge keeps them until new ones are ready, minReadySeconds gives nodes the time to learn of these, and a readiness probe keeps out what does not answer yet',
  noLocalEndpoints:
    'nodes with clients are left without a pod of their own under internalTrafficPolicy Local; more pods or an even spread keep one on each node, and policy Cluster does without',
  loadBalancer:
    'the load balancer notices too late that a node has no pod left; a health check with a shorter interval or a lower threshold, a sleep that covers its detection time, or policy Cluster helps, and minReadySeconds gives it the time to learn of new nodes',
  conntrack: 'the connection tracking table of nodes is full; raise maxPerCore of the conntrack settings of kube-proxy',
  queueFull: 'pods get more than they can answer; more pods, a higher concurrency or a longer queue help',
  podEnded:
    'pods end while they still have requests; a longer terminationGracePeriodSeconds, and connections that clients close from time to time, leave fewer of these',
};

/** "stale rules", as in the title of the metric. */
export const causeTitle = (cause: LossCauseName): string => METRICS[METRIC_OF_LOSS[cause]].title.replace(/^.*: /, '');

/** A limit as users write it, "0.01%". */
export const limitText = ({ maxLoss }: PreStopAnswer): string => percentAsWritten(maxLoss);

/** "0.004% (0.003 to 0.005)"; where nothing is lost there is nothing to round. */
export const lossText = (loss: Estimate | null): string => (loss === null ? NO_VALUE : formatEstimate(loss, 'ratio'));

const lossSentence = ({ loss, replications }: SleepResult): string =>
  loss === null || loss.high === 0
    ? `loses nothing in ${plural(replications, 'replication')}`
    : `loses ${lossText(loss)}`;

/** The whole answer in one line. */
export function answerSentence({ preStop }: PreStopResults): string {
  const { outcome, sleeps } = preStop;
  const limit = limitText(preStop);
  const longest = sleeps.at(-1);
  switch (outcome.status) {
    case 'found': {
      const { sleepSeconds } = outcome;
      const answer = sleepResultOf(preStop, sleepSeconds)!;
      const bound = preStop.maxLoss > (answer.loss?.high ?? 0) ? `below ${limit}` : `the limit is ${limit}`;
      const without = sleepSeconds === 0 ? ', so none is needed' : '';
      return `preStop sleep: ${sleepSeconds} s ${lossSentence(answer)}, ${bound}${without}`;
    }
    case 'unreachable':
      return `preStop sleep: none is enough: even ${longest!.sleepSeconds} s ${lossSentence(longest!)}, above ${limit}`;
    case 'inconclusive':
      return `preStop sleep: inconclusive: ${longest!.sleepSeconds} s ${lossSentence(longest!)}, which may be above or below ${limit}`;
    case 'unmeasured':
      return `preStop sleep: no answer, as no request was sent to ${preStop.service} during the rollout`;
    case 'interrupted':
      return 'preStop sleep: no answer, as the search was interrupted';
  }
}

/** What to do and what to know, most important first; a sentence each. */
export function adviceOf({ preStop }: PreStopResults): string[] {
  const { outcome } = preStop;
  switch (outcome.status) {
    case 'found':
      return [
        ...gracePeriodAdvice(preStop),
        ...priceOf(preStop, outcome.sleepSeconds),
        ...presentSleep(preStop, outcome.sleepSeconds),
        ...shorterSleep(preStop, outcome),
        ...whatIsLeft(sleepResultOf(preStop, outcome.sleepSeconds)!),
      ];
    case 'unreachable':
      return [...remedies(preStop), ...presentGracePeriod(preStop)];
    case 'inconclusive':
      return [moreReplications(preStop, outcome.replicationsNeeded), ...remedies(preStop)];
    case 'unmeasured':
      return [
        'Requests are counted from the first action of the workload to the end of the run: check clients and workload.',
      ];
    case 'interrupted':
      return ['The table holds what had finished; run it to the end for an answer.'];
  }
}

/** Each warning once, with the sleeps that gave it where not all did. */
export function preStopWarnings(results: PreStopResults): ReportWarning[] {
  const variantsOf = new Map<string, string[]>();
  const whole: ReportWarning[] = [];
  for (const { variant, text } of warningsOf(results)) {
    if (variant === null) whole.push({ variant, text });
    else variantsOf.set(text, [...(variantsOf.get(text) ?? []), variant]);
  }
  const ofSleeps = [...variantsOf].map(([text, variants]) => ({
    variant: variants.length === results.variants.length ? null : variants.join(', '),
    text,
  }));
  return [...whole, ...ofSleeps];
}

const sleepResultOf = ({ sleeps }: PreStopAnswer, sleepSeconds: number): SleepResult | null =>
  sleeps.find((sleep) => sleep.sleepSeconds === sleepSeconds) ?? null;

function gracePeriodAdvice({ present, terminationGracePeriodSeconds: least, outcome }: PreStopAnswer): string[] {
  if (least === null || outcome.status !== 'found') return [];
  const parts = `${outcome.sleepSeconds} s of sleep, then ${formatQuantity(present.shutdownP99Seconds, 'seconds')} in which 99% of the pods shut down`;
  const needs = `terminationGracePeriodSeconds must be at least ${least}: ${parts}`;
  return [
    present.terminationGracePeriodSeconds >= least
      ? `${needs}. The ${present.terminationGracePeriodSeconds} s of the scenario are enough.`
      : `${needs}. The ${present.terminationGracePeriodSeconds} s of the scenario are too short: the kubelet would cut the sleep off and kill pods that are still busy. This answer holds with the longer period.`,
  ];
}

/** What the scenario has must fit by itself, whatever the answer. */
function presentGracePeriod({ present }: PreStopAnswer): string[] {
  const { preStopSleepSeconds, shutdownP99Seconds, terminationGracePeriodSeconds } = present;
  if (preStopSleepSeconds + shutdownP99Seconds <= terminationGracePeriodSeconds) return [];
  return [
    `The present sleep of ${preStopSleepSeconds} s and the time to shut down do not fit into the present terminationGracePeriodSeconds of ${terminationGracePeriodSeconds}: the kubelet kills some of the pods.`,
  ];
}

function priceOf({ workloadLongerBySeconds: longer }: PreStopAnswer, sleepSeconds: number): string[] {
  if (sleepSeconds === 0 || longer === null) return [];
  return [
    longer.value > 0
      ? `The sleep costs time: it takes ${formatEstimate(longer, 'seconds')} longer until every node has the last change of the rollout.`
      : 'The sleep costs no time: the last change of the rollout is on every node as soon as without it.',
  ];
}

function presentSleep(preStop: PreStopAnswer, answer: number): string[] {
  const { preStopSleepSeconds: present } = preStop.present;
  const result = sleepResultOf(preStop, present);
  if (present === answer || present === 0 || result === null) return [];
  const than = present < answer ? 'too short' : 'longer than this limit asks for';
  return [`The ${present} s of the scenario are ${than}: that ${lossSentence(result)}.`];
}

function shorterSleep(preStop: PreStopAnswer, outcome: PreStopAnswer['outcome'] & { status: 'found' }): string[] {
  const less = sleepResultOf(preStop, outcome.sleepSeconds - 1);
  if (outcome.oneSecondLess !== 'undecided' || less === null) return [];
  return [
    `${less.sleepSeconds} s may be enough, too: that ${lossSentence(less)}, and ${plural(less.replications, 'replication')} cannot tell.`,
  ];
}

function moreReplications(preStop: PreStopAnswer, needed: number | null): string {
  const most = preStop.sleeps.at(-1)!.replications;
  if (needed === null) {
    return `After ${plural(most, 'replication')} the loss is too close to the limit for more of them to tell the two apart: choose another limit.`;
  }
  return `About ${needed} replications would settle it, ${most} were run: use --replications ${Math.ceil(needed / LAST_LOOK_FACTOR)} or more, which are multiplied by ${LAST_LOOK_FACTOR} for sleeps in doubt.`;
}

/** Causes that still lose requests, largest first. */
function causesOf({ lossByCause }: SleepResult): (readonly [LossCauseName, Estimate])[] {
  return LOSS_CAUSES.flatMap((cause) => {
    const share = lossByCause[cause];
    return share !== undefined && share.value > 0 ? [[cause, share] as const] : [];
  }).sort(([, a], [, b]) => b.value - a.value);
}

function whatIsLeft(sleep: SleepResult): string[] {
  const [largest] = causesOf(sleep);
  if (largest === undefined) return [];
  const [cause, share] = largest;
  return [`Most of what is still lost is lost to ${causeTitle(cause)}, ${lossText(share)}: ${REMEDIES[cause]}.`];
}

/** One sentence for each cause that is left, for a rollout that no sleep makes safe. */
function remedies(preStop: PreStopAnswer): string[] {
  const lacking = newPodsLacking(preStop);
  const causes = causesOf(preStop.sleeps.at(-1)!);
  return [
    ...lacking,
    ...(lacking.length === 0 ? causes : causes.filter(([cause]) => !LACK.has(cause))).map(
      ([cause, share], index) =>
        `${index + lacking.length === 0 ? 'What remains is lost to' : 'Also to'} ${causeTitle(cause)}, ${lossText(share)}: ${REMEDIES[cause]}.`,
    ),
  ];
}

/** What a sleep of twice the length must at least save of the requests lost, if sleeping is to help. */
const LEAST_SAVED = 0.5;
/** A lack of pods shows as one of these. */
const LACK: ReadonlySet<LossCauseName> = new Set(['staleRules', 'noEndpoints', 'noLocalEndpoints']);

/** New pods come too late for old ones that go, however long these sleep: the number of requests lost stays the same. */
function newPodsLacking({ sleeps, present }: PreStopAnswer): string[] {
  if (present.strategy === 'Recreate') {
    return [
      'The strategy Recreate ends all pods before it starts new ones, so that no sleep helps: use RollingUpdate with maxUnavailable 0 and a maxSurge.',
    ];
  }
  const longest = sleeps.at(-1)!;
  const half = sleeps.findLast(({ sleepSeconds }) => 2 * sleepSeconds <= longest.sleepSeconds);
  const [largest] = causesOf(longest);
  const lost = longest.lostRequests;
  const lostBefore = half?.lostRequests ?? null;
  if (half === undefined || lost === null || lostBefore === null || largest === undefined) return [];
  if (!LACK.has(largest[0]) || lost.value < (1 - LEAST_SAVED) * lostBefore.value) return [];
  const [count, countBefore] = [lost, lostBefore].map((estimate) => formatEstimate(estimate, 'count'));
  return [
    `New pods are the cause, and no sleep of old ones helps: ${longest.sleepSeconds} s of it lose as many requests, ${count}, as ${half.sleepSeconds} s do, ${countBefore}. Nodes are left with old pods alone; maxUnavailable 0 with a maxSurge keeps these until new ones are ready, and minReadySeconds and a readiness probe until nodes know of new ones that answer.`,
  ];
}
