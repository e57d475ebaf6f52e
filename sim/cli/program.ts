/**
 * The command line: names, options and help of every command. What a command does is in commands/, loaded when it is
 * called, so that `--help` and a typing error cost nothing.
 */

import { Command, Option } from 'commander';

import { packageVersion } from '../experiment/package-files.js';
import { addReplicationOptions, pathAndValue, seconds, share } from './options.js';

const DEFAULT_MAX_SLEEP_SECONDS = 120;

/** `finish` receives the exit code of the command that ran. */
export function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('kube-headroom')
    .description(
      "How far can this cluster's Service networking grow before it breaks, and what breaks first?\nA seeded discrete-event simulator of endpoints, watches and kube-proxy at large scale.",
    )
    .version(packageVersion())
    .option('--debug', 'show the stack of an error (or set KUBE_HEADROOM_DEBUG=1)')
    // Commander would end the process itself; errors have one presenter, in main.ts. Commands inherit these settings.
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'KH100: ')) })
    .showHelpAfterError('  help: --help shows what there is')
    .addHelpText(
      'after',
      `
Start here:
  $ kube-headroom init                    write a commented scenario to scenario.yaml
  $ kube-headroom run scenario.yaml       simulate it, print a summary, write a report

Exit codes:
  0    done, every objective passes
  1    a fault of kube-headroom, or the results could not be written
  2    bad usage or a bad scenario; nothing ran
  3    an objective failed, validate found a miss, or prestop no sleep that is enough
  4    inconclusive: more replications are needed
  130  interrupted; the result holds the replications that had finished`,
    );

  addReplicationOptions(
    program
      .command('run')
      .summary('simulate a scenario and report')
      .description(
        'Simulates every variant of a scenario file, in replications, and judges its objectives.\nWrites results.json and report.html, and prints a summary.',
      )
      .argument('<file>', 'scenario file')
      .option('--set <path=value>', 'change a setting of the file; may be repeated', pathAndValue)
      .option('--out <dir>', 'directory for the results (default: out/<scenario name>)')
      .option('--no-report', 'write no report.html'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ kube-headroom run scenario.yaml
  $ kube-headroom run scenario.yaml --set kubeProxy.minSyncPeriod=10s --set cluster.nodes=2000
  $ kube-headroom run scenario.yaml --replications 20 --json | jq .verdict`,
    )
    .action(async (file, options) => finish(await (await import('./commands/run.js')).run(file, options)));

  addReplicationOptions(
    program
      .command('prestop')
      .summary('find the preStop sleep that a rollout needs')
      .description(
        'Finds the shortest preStop sleep, in whole seconds, with which a rollout loses few enough requests.\nRuns the rollingUpdate of a service that has clients with many sleeps, under common random numbers; variants of the file are not looked at.\nWrites results.json and report.html, and prints the answer with its interval, advice and a table.',
      )
      .argument('<file>', 'scenario file')
      .requiredOption('--max-loss <percent>', 'share of requests that may be lost, such as 0.01%', share)
      .option('--service <name>', 'service whose rollout is meant, where there are several')
      .addOption(
        new Option('--max-sleep <duration>', 'longest sleep to try')
          .argParser(seconds)
          .default(DEFAULT_MAX_SLEEP_SECONDS, `${DEFAULT_MAX_SLEEP_SECONDS}s`),
      )
      .option('--set <path=value>', 'change a setting of the file; may be repeated', pathAndValue)
      .option('--out <dir>', 'directory for the results (default: out/<scenario name>-prestop)')
      .option('--no-report', 'write no report.html'),
    'replications of every sleep, four times as many for the answer and where in doubt (default: those of the file, 5 or more)',
  )
    .addHelpText(
      'after',
      `
Exit codes: 0 found; 3 even the longest sleep loses more; 4 inconclusive, use more --replications.

Examples:
  $ kube-headroom prestop scenarios/rollout-loss.yaml --max-loss 0.01%
  $ kube-headroom prestop scenario.yaml --max-loss 0.1% --service web --max-sleep 60s
  $ kube-headroom prestop scenario.yaml --max-loss 0% --set kubeProxy.mode=nftables --json | jq .preStop.outcome`,
    )
    .action(async (file, options) => finish(await (await import('./commands/prestop.js')).prestop(file, options)));

  addReplicationOptions(
    program
      .command('validate')
      .summary('check the simulator against published measurements')
      .description(
        'Runs every scenario with an expect: block and compares the results with the published values.\nDirectories are searched for .yaml and .yml files.',
      )
      .argument('<files-or-dirs...>', 'scenario files, or directories of them'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ kube-headroom validate scenarios/published
  $ kube-headroom validate scenarios/published/kep-752-create.yaml --json`,
    )
    .action(async (paths, options) => finish(await (await import('./commands/validate.js')).validate(paths, options)));

  program
    .command('init')
    .summary('write a commented scenario to start from')
    .description('Writes a scenario file with the settings that matter most, each explained.')
    .argument('[file]', 'where to write it; - for standard output', 'scenario.yaml')
    .option('--force', 'overwrite the file if it exists')
    .addHelpText(
      'after',
      `
Examples:
  $ kube-headroom init
  $ kube-headroom init my-cluster.yaml
  $ kube-headroom init - | less`,
    )
    .action(async (file, options) => finish((await import('./commands/init.js')).init(file, options)));

  program
    .command('schema')
    .summary('print the JSON Schema of scenario files')
    .description('Prints the JSON Schema of scenario files, for completion and checks in an editor.')
    .addHelpText(
      'after',
      `
Example:
  $ kube-headroom schema > scenario.schema.json`,
    )
    .action(async () => finish((await import('./commands/schema.js')).schema()));

  return program;
}
