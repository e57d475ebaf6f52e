/** Options that several commands share, and what they accept. */

import { availableParallelism } from 'node:os';

import { type Command, InvalidArgumentError } from 'commander';

import type { LoadOptions } from '../scenario/changes.js';
import { parseDuration, parsePercent } from '../units.js';

export interface ReplicationOptions {
  readonly seed?: number;
  readonly replications?: number;
  readonly threads: number;
  readonly json?: true;
  readonly quiet?: true;
}

export function addReplicationOptions(
  command: Command,
  replications = 'run exactly this many replications of every variant',
): Command {
  return command
    .option('--seed <n>', 'seed of all random numbers, instead of the one in the file', wholeNumber(0))
    .option('--replications <n>', replications, wholeNumber(1))
    .option(
      '--threads <n>',
      'replications that run at the same time; results do not depend on it',
      wholeNumber(1),
      availableParallelism(),
    )
    .option('--json', 'print the result as JSON on standard output, and all else on standard error')
    .option('--quiet', 'print no progress and no summary; errors still show');
}

/** Collects a repeated option. Not commander's variadic form, which would take the file argument for another value. */
export function pathAndValue(value: string, previous: readonly string[] = []): readonly string[] {
  if (!/^[^=]+=/.test(value)) {
    throw new InvalidArgumentError('Write path=value, for example kubeProxy.minSyncPeriod=10s.');
  }
  return [...previous, value];
}

/** A share of 0 to 1, written in percent. */
export function share(value: string): number {
  const parsed = parsePercent(value);
  if ('problem' in parsed) throw new InvalidArgumentError(`It is a percentage: ${parsed.suggestion}.`);
  if (parsed.value > 1) throw new InvalidArgumentError('It must be 100% or less.');
  return parsed.value;
}

const NS_PER_SECOND = 1e9;
/** Longer than any grace period that anyone would wait for. */
const MOST_SECONDS = 3600;

/** Whole seconds from 1, written as a duration. */
export function seconds(value: string): number {
  const parsed = parseDuration(value);
  if ('problem' in parsed) throw new InvalidArgumentError(`It is a duration: ${parsed.suggestion ?? 'such as 30s'}.`);
  const number = parsed.value / NS_PER_SECOND;
  if (!Number.isInteger(number) || number < 1 || number > MOST_SECONDS) {
    throw new InvalidArgumentError('It must be a whole number of seconds, from 1s to 1h.');
  }
  return number;
}

function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    // The pattern keeps out what Number() also takes: "", " 5", "0x10", "1e3".
    if (!/^\d+$/.test(value) || number < least || !Number.isSafeInteger(number)) {
      throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
    }
    return number;
  };
}

/** The options of the loader: only those that were given, because "not given" and `undefined` differ. */
export function loadOptions(options: ReplicationOptions, overrides: readonly string[] = []): LoadOptions {
  return {
    overrides,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.replications === undefined ? {} : { replications: options.replications }),
  };
}
