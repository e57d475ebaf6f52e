/**
 * When somebody who asks a target again and again knows that it has failed, or works again: the clockwork of every health check.
 *
 *   check at phase, phase + interval, ... --answer at that moment--> results in a row --threshold--> verdict
 *
 *   failure known after  U(0, interval) + (unhealthyThreshold - 1) intervals, + timeout if the target hangs and does not refuse
 *   recovery known after U(0, interval) + (healthyThreshold - 1) intervals
 *
 * One result that agrees with the verdict breaks a row of contrary ones; a change back that falls between two checks is seen by
 * none of them. No event while nothing changes: a change of the answer schedules the one event of the verdict to come, and a change
 * back cancels it.
 *
 * Left out: several checkers of one target, jitter of the interval, targets that come back while a check waits for them, timeouts
 * above the interval (providers refuse them).
 */

import type { EventHandle, EventKind, Simulation } from '../../../kernel/simulation.js';
import { nextTickNs } from '../../../kernel/ticks.js';
import type { NodeAnswer } from './load-balancer.js';

export interface PeriodicCheck {
  readonly intervalNs: number;
  /** How long a check waits for a target that does not answer; at most the interval. */
  readonly timeoutNs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

type Failure = Exclude<NodeAnswer, 'healthy'>;

/** From a change to the moment when it is known, over all phases: uniform from min to below max. */
export interface DetectionNs {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** When it is known that a target fails from `failedNs` on. */
export function failureKnownNs(check: PeriodicCheck, phaseNs: number, failedNs: number, failure: Failure): number {
  return (
    nextTickNs(check.intervalNs, phaseNs, failedNs) +
    (check.unhealthyThreshold - 1) * check.intervalNs +
    waitNs(check, failure)
  );
}

/** When it is known that a target answers again from `recoveredNs` on. */
export function recoveryKnownNs(check: PeriodicCheck, phaseNs: number, recoveredNs: number): number {
  return nextTickNs(check.intervalNs, phaseNs, recoveredNs) + (check.healthyThreshold - 1) * check.intervalNs;
}

export function failureDetectionNs(check: PeriodicCheck, failure: Failure): DetectionNs {
  return overPhases(check, failureKnownNs(check, 0, 0, failure));
}

export function recoveryDetectionNs(check: PeriodicCheck): DetectionNs {
  return overPhases(check, recoveryKnownNs(check, 0, 0));
}

/** A check at the very moment of the change gives the least; a phase later by up to an interval is as likely as any other. */
function overPhases({ intervalNs }: PeriodicCheck, min: number): DetectionNs {
  return { min, mean: min + intervalNs / 2, max: min + intervalNs };
}

/** From the start of a check to its result. Answers of targets that are up take no time here. */
function waitNs({ timeoutNs }: PeriodicCheck, answer: NodeAnswer): number {
  return answer === 'silent' ? timeoutNs : 0;
}

/** Results in a row that contradict the verdict on a target. */
interface Run {
  /** The check that gave, or will give, the first of them. */
  firstNs: number;
  /** The check that is one too many: the first that sees an answer which agrees again. Infinity: the answer is contrary. */
  brokenNs: number;
  /** When the answer last turned while the result of the last check was waited for. */
  turnedNs: number;
  /** The verdict to come, or NONE. */
  event: EventHandle;
}

const NONE = -1;
const ANSWERS: readonly NodeAnswer[] = ['healthy', 'unhealthy', 'silent'];
const NOT_ASKED = 0;
const ASKED = 1;

/** The checks of many targets by one load balancer. */
export class PeriodicChecks {
  readonly #simulation: Simulation;
  readonly #check: PeriodicCheck;
  readonly #phaseOf: (target: number) => number;
  readonly #onVerdict: (target: number, isHealthy: boolean) => void;
  readonly #verdictKind: EventKind;
  /** Index in ANSWERS. */
  readonly #answers: Uint8Array;
  readonly #asked: Uint8Array;
  readonly #verdicts: Uint8Array;
  /** Of the few targets whose answer has lately changed. */
  readonly #runs = new Map<number, Run>();

  /**
   * @param name of the checker, as its kind of event is named by it
   * @param phaseOf when a target is checked, from 0 to below the interval; asked again and again
   * @param onVerdict hears each change of a verdict
   */
  constructor(
    simulation: Simulation,
    name: string,
    targets: number,
    check: PeriodicCheck,
    phaseOf: (target: number) => number,
    onVerdict: (target: number, isHealthy: boolean) => void,
  ) {
    this.#simulation = simulation;
    this.#check = check;
    this.#phaseOf = phaseOf;
    this.#onVerdict = onVerdict;
    this.#answers = new Uint8Array(targets).fill(ANSWERS.indexOf('silent'));
    this.#asked = new Uint8Array(targets);
    this.#verdicts = new Uint8Array(targets);
    this.#verdictKind = simulation.registerKind(`${name}: health check decided`, (target) => this.#decide(target));
  }

  /** Whether the target counts as healthy; one that is not asked does not. */
  isHealthy(target: number): boolean {
    return this.#verdicts[target] === 1;
  }

  /** The target has been asked for long, and always given the answer that it gives now. */
  settle(target: number, answer: NodeAnswer): void {
    this.#asked[target] = ASKED;
    this.#answers[target] = ANSWERS.indexOf(answer);
    this.#verdicts[target] = answer === 'healthy' ? 1 : 0;
  }

  /** The target is asked from now on, and is unhealthy until it has answered often enough. */
  begin(target: number): void {
    this.#asked[target] = ASKED;
    this.#verdicts[target] = 0;
    if (this.#answerOf(target) === 'healthy') this.#startRun(target, this.#simulation.nowNs);
  }

  /** The target is no longer asked. */
  end(target: number): void {
    this.#asked[target] = NOT_ASKED;
    this.#verdicts[target] = 0;
    const run = this.#runs.get(target);
    if (run !== undefined && run.event !== NONE) this.#simulation.cancel(run.event);
    this.#runs.delete(target);
  }

  /** From now on the target answers so. */
  answers(target: number, answer: NodeAnswer): void {
    const before = this.#answerOf(target);
    if (before === answer) return;
    this.#answers[target] = ANSWERS.indexOf(answer);
    if (this.#asked[target] === NOT_ASKED) return;
    const run = this.#runs.get(target);
    const { nowNs } = this.#simulation;
    if (run !== undefined && run.event !== NONE && nowNs > this.#lastNs(target, run)) {
      // Its last check is under way: what that finds is settled.
      if ((before === 'healthy') !== (answer === 'healthy')) run.turnedNs = nowNs;
    } else if (this.#isContrary(target)) this.#continueRun(target, run);
    else if (run !== undefined && run.event !== NONE) this.#interruptRun(target, run);
  }

  /** The answer contradicts the verdict: by another kind of failure than before, by a run that goes on, or by a new one. */
  #continueRun(target: number, run: Run | undefined): void {
    const { nowNs } = this.#simulation;
    if (run === undefined || nowNs > run.brokenNs) {
      this.#startRun(target, nowNs);
      return;
    }
    if (run.event !== NONE) this.#simulation.cancel(run.event);
    run.brokenNs = Infinity;
    this.#scheduleVerdict(target, run);
  }

  #interruptRun(target: number, run: Run): void {
    this.#simulation.cancel(run.event);
    run.event = NONE;
    run.brokenNs = this.#nextCheckNs(target, this.#simulation.nowNs);
  }

  #startRun(target: number, fromNs: number): void {
    const firstNs = this.#nextCheckNs(target, fromNs);
    const run: Run = { firstNs, brokenNs: Infinity, turnedNs: fromNs, event: NONE };
    this.#runs.set(target, run);
    this.#scheduleVerdict(target, run);
  }

  #scheduleVerdict(target: number, run: Run): void {
    const decidedNs = this.#lastNs(target, run) + waitNs(this.#check, this.#answerOf(target));
    run.event = this.#simulation.schedule(decidedNs, this.#verdictKind, target);
  }

  #decide(target: number): void {
    const { turnedNs } = this.#runs.get(target)!;
    const isHealthy = !this.isHealthy(target);
    this.#runs.delete(target);
    this.#verdicts[target] = isHealthy ? 1 : 0;
    // The answer may have turned while the last check waited: the next one sees that.
    if (this.#isContrary(target)) this.#startRun(target, turnedNs);
    this.#onVerdict(target, isHealthy);
  }

  /** The check that completes the run. */
  #lastNs(target: number, { firstNs }: Run): number {
    const { healthyThreshold, unhealthyThreshold, intervalNs } = this.#check;
    return firstNs + ((this.isHealthy(target) ? unhealthyThreshold : healthyThreshold) - 1) * intervalNs;
  }

  #nextCheckNs(target: number, fromNs: number): number {
    return nextTickNs(this.#check.intervalNs, this.#phaseOf(target), fromNs);
  }

  #answerOf(target: number): NodeAnswer {
    return ANSWERS[this.#answers[target]!]!;
  }

  #isContrary(target: number): boolean {
    return (this.#answerOf(target) === 'healthy') !== this.isHealthy(target);
  }
}
