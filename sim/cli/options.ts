/** Options that several commands share, and what they accept. */

import { availableParallelism } from 'node:os';

import { type Command, InvalidArgumentError } from 'commander';

import type { LoadOptions } from '../scenario/changes.js';

export interface ReplicationOptions {
  readonly seed?: number;
  readonly replications?: number;
  readonly threads: number;
  readonly json?: true;
  readonly quiet?: true;
}

export function addReplicationOptions(command: Command): Command {
  return command
    .option('--seed <n>', 'seed of all random numbers, instead of the one in the file', wholeNumber(0))
    .option('--replications <n>', 'run exactly this many replications of every variant', wholeNumber(1))
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
