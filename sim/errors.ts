/**
 * Every error that a user can meet, under a code that never changes its meaning: searchable, stable in scripts, documented in
 * sim/ERRORS.md (which a test keeps equal to this table). A code that is no longer used is not given to another error.
 *
 * A UserError carries all problems that were found, not the first one, and means: nothing ran (exit code 2).
 */

export interface ErrorDefinition {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
}

export const ERRORS = {
  // KH001 to KH099: scenario files and --set.
  KH001: {
    title: 'The scenario file cannot be read',
    cause: 'There is no file of this name, it is a directory, or its permissions forbid reading.',
    remedy: 'Check the path. `kube-headroom init` writes a starter scenario.',
  },
  KH002: {
    title: 'The scenario file is too large',
    cause:
      'The file has more than 1 MiB. It was not read, as no scenario needs that much and parsing could take minutes.',
    remedy: 'Name a scenario file, not a dump of cluster objects. Services of one shape are one entry with a `count`.',
  },
  KH003: {
    title: 'The scenario file is empty',
    cause: 'The file has no content apart from spaces and comments.',
    remedy: 'Start from `kube-headroom init`.',
  },
  KH004: {
    title: 'The scenario file is not UTF-8 text',
    cause: 'The bytes are not valid UTF-8, or contain NUL: a binary file, or a text in UTF-16 or Latin-1.',
    remedy: 'Save the file as UTF-8. A byte order mark and CRLF line ends are fine.',
  },
  KH005: {
    title: 'The YAML syntax is wrong',
    cause:
      'The file, or the value of a --set, is no YAML. Frequent reasons: a tab as indentation, an open bracket or quote.',
    remedy: 'Correct the text at the position given. The fields are checked once the syntax is right.',
  },
  KH006: {
    title: 'A field is given twice',
    cause: 'A mapping has the same key twice, and YAML does not say which of them holds.',
    remedy: 'Remove one of the two.',
  },
  KH007: {
    title: 'The file holds several YAML documents',
    cause: 'A line `---` starts a second document. A file is one scenario.',
    remedy: 'Use one file for each scenario, or `variants` for scenarios that differ in a few settings.',
  },
  KH008: {
    title: 'The YAML is nested or repeated without measure',
    cause:
      'Brackets or lists are more than 64 levels deep, or aliases (`*name`) repeat so much that the file would explode in memory.',
    remedy: 'Write the values out. A scenario needs six levels and no alias.',
  },
  KH009: {
    title: 'Unknown field',
    cause: 'The scenario format has no field of this name at this place.',
    remedy: 'Take the field that the message suggests, or look it up in the JSON Schema (`kube-headroom schema`).',
  },
  KH010: {
    title: 'A required field is missing',
    cause: 'The field has no default: only the author of the scenario can know its value.',
    remedy: 'Add the field.',
  },
  KH011: {
    title: 'A value of the wrong kind',
    cause: 'The field wants another type (a mapping, a list, a text, true or false), or one of a few words.',
    remedy: 'Write what the message says that the field wants.',
  },
  KH012: {
    title: 'A number out of range',
    cause: 'Kubernetes refuses this number, it has no meaning, or it is beyond what a simulation can hold in memory.',
    remedy: 'Choose a number in the range that the message names.',
  },
  KH013: {
    title: 'Not a duration',
    cause:
      'Durations are written as in Go and Kubernetes: numbers with the units ns, us, ms, s, m, h. A bare number has no unit.',
    remedy: 'Write for instance `30s`, `500ms` or `1h30m`.',
  },
  KH014: {
    title: 'Not a quantity',
    cause:
      'Sizes and rates are written as Kubernetes quantities: k, M, G for powers of 1000, Ki, Mi, Gi for powers of 1024.',
    remedy: 'Write for instance `10G`, `1.5Mi` or a plain number.',
  },
  KH015: {
    title: 'Not a percentage',
    cause: 'The field is a share and is written with a percent sign.',
    remedy: 'Write for instance `5%`.',
  },
  KH016: {
    title: 'A name that nothing has',
    cause: 'A workload names a service, or an expectation names a variant, that the file does not define.',
    remedy: 'Correct the name, or define it under `services` or `variants`.',
  },
  KH017: {
    title: 'A name is given twice',
    cause: 'Two services or two variants have the same name, so that references and results would be ambiguous.',
    remedy: 'Rename one of them. Services 2, 3, ... of a group with a `count` are called name-2, name-3, ...',
  },
  KH018: {
    title: 'A metric that cannot be judged so',
    cause:
      'The statistic does not fit the metric: distributions have mean, p50, p90, p99 and max, scalars have value, series have none.',
    remedy: 'Take one of the statistics that the message names.',
  },
  KH019: {
    title: 'Settings that contradict each other',
    cause: 'Each value is allowed by itself, but not together with another one, which the message names.',
    remedy: 'Change one of the two. A setting that is not in the file has its default; the message gives it.',
  },
  KH020: {
    title: 'A workload entry that is not one action',
    cause: 'Each entry of `workload` has a time `at` and exactly one action, such as `rollingUpdate`.',
    remedy: 'Make one entry for each action. Entries may have the same time.',
  },
  KH021: {
    title: 'Nothing would be measured',
    cause: 'The workload is empty, or acts on services without pods: no change would reach any node.',
    remedy: 'Add an entry to `workload`, for instance `{ at: 1m, rollingUpdate: { service: web } }`.',
  },
  KH022: {
    title: 'More than fits in memory',
    cause: 'The services together have more than a million objects or ten million pods.',
    remedy: 'Simulate a smaller part of the cluster: nodes, services and churn scale independently of each other.',
  },
  KH023: {
    title: 'A setting that cannot vary',
    cause:
      'A variant changes something that all variants of a file share: variants are compared pair by pair under the same seed.',
    remedy: 'Set it at the top of the file, or make a second file.',
  },
  KH024: {
    title: 'A path that leads nowhere',
    cause:
      'A --set or the `set` of a variant is no `path=value`, or its path leads through a value or an entry that does not exist.',
    remedy:
      'Write for instance `--set cluster.nodes=100`, `--set services.web.endpoints=50` or `--set "workload[0].at=2m"`.',
  },
  KH025: {
    title: 'A Kubernetes version without a profile',
    cause: 'Version profiles exist for some minor versions; patch releases have the profile of their minor version.',
    remedy: 'Choose one of the versions that the message names.',
  },

  // KH100 to KH199: the command line.
  KH100: {
    title: 'The command line is wrong',
    cause:
      'A command or an option does not exist, an argument is missing, or an option has a value that it does not accept.',
    remedy:
      'Take what the message suggests, or look it up with `kube-headroom --help` and `kube-headroom <command> --help`.',
  },
  KH101: {
    title: 'The file exists already',
    cause: '`kube-headroom init` was to write a file that is there already. It was not touched.',
    remedy: 'Name another file, or overwrite this one with --force.',
  },
  KH102: {
    title: 'A file or directory cannot be written',
    cause: 'A directory of the path does not exist, is a file, or its permissions forbid writing. Nothing ran.',
    remedy: 'Choose another place with --out, or for `init` with its argument.',
  },
  KH103: {
    title: 'Nothing to validate',
    cause: 'None of the scenario files has an `expect` block, so that there is no published value to compare with.',
    remedy: 'Name files or directories with published measurements, such as `scenarios/published`.',
  },
  KH104: {
    title: 'No rollout to find a preStop sleep for',
    cause:
      '`kube-headroom prestop` needs a service that the workload has a `rollingUpdate` of and that has `clients`, and one of them only.',
    remedy: 'Add what the message says is missing, or choose the service with --service.',
  },

  // KH200 to KH299: experiments and their results.
  KH200: {
    title: 'A fault of kube-headroom',
    cause: 'Something happened that the program did not expect. The scenario is not to blame.',
    remedy: 'Please report it, with the scenario file and the output of the same command with --debug.',
  },
  KH201: {
    title: 'A replication failed',
    cause:
      'The simulation found itself in a state that must not be. The message names the variant, the replication and the seed, which lead there again.',
    remedy: 'Please report it, with the scenario file and the output of the same command with --debug.',
  },
  KH202: {
    title: 'A replication ran out of memory',
    cause: 'The scenario is larger than the memory of a worker thread.',
    remedy:
      'Give threads more memory with NODE_OPTIONS=--max-old-space-size=8192 (MiB), run fewer at a time with --threads, or simulate a smaller cluster.',
  },
  KH203: {
    title: 'The results could not be written',
    cause: 'The simulation is done, but the disk is full or the output directory has become unwritable.',
    remedy: 'Make room, or choose another place with --out, and run again: the same seed gives the same results.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

/** One mistake, with the place where it was made. */
export interface Problem {
  readonly code: ErrorCode;
  /** Null when it was not made in a file but on the command line; the message then names the option. */
  readonly file: string | null;
  /** Counted from 1; null when the problem is with the file as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  /** What to do, when that is known better than the remedy of the code says. */
  readonly suggestion: string | null;
  /** The line of the file and a caret below the column, ready to print; null without a position. */
  readonly excerpt: string | null;
}

/** Beyond this many, problems have one common reason, such as a wrong file, and the first ones show it. */
const MAX_PRINTED_PROBLEMS = 40;

/** The user asked for something that cannot be done. Nothing ran. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode = 2;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(formatProblems(problems));
    this.problems = problems;
  }
}

/** An error that has no position in a file. */
export const userError = (code: ErrorCode, message: string, suggestion: string | null = null): UserError =>
  new UserError([{ code, file: null, line: null, column: null, message, suggestion, excerpt: null }]);

/** "file:line:column: KH009: message", which terminals and editors turn into a link, then the excerpt and the advice. */
export const formatProblem = (problem: Problem): string => {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== null).join(':');
  const lines = [`${place === '' ? '' : `${place}: `}${problem.code}: ${problem.message}`];
  if (problem.excerpt !== null) lines.push(problem.excerpt);
  // With the line before one's eyes, the general remedy has nothing to add.
  const help = problem.suggestion ?? (problem.excerpt === null ? ERRORS[problem.code].remedy : null);
  if (help !== null) lines.push(`  help: ${help}`);
  return lines.join('\n');
};

export const formatProblems = (problems: readonly Problem[]): string => {
  const blocks = problems.slice(0, MAX_PRINTED_PROBLEMS).map(formatProblem);
  if (problems.length > blocks.length) blocks.push(`... and ${problems.length - blocks.length} more problems`);
  return blocks.join('\n\n');
};
