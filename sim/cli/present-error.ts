/** Says what went wrong, to people: the one place where errors become text and an exit code. */

import { CommanderError } from 'commander';

import { ERRORS, type ErrorCode, UserError } from '../errors.js';
import { EXIT } from './exit-codes.js';
import { say } from './output.js';

/** Prints the error on standard error, with its stack for --debug, and returns the exit code that it means. */
export function presentError(error: unknown): number {
  if (error instanceof CommanderError) {
    // Already printed by commander, help and version included; these are no errors.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof UserError) {
    say(error.message);
    return error.exitCode;
  }
  const code = codeOf(error);
  say(`${code}: ${ERRORS[code].title}: ${error instanceof Error ? error.message : String(error)}`);
  say(`  help: ${ERRORS[code].remedy}`);
  if (showsStacks() && error instanceof Error && error.stack !== undefined) say(error.stack);
  return EXIT.fault;
}

/** Read from the raw arguments, because parsing them can be what failed. */
function showsStacks(): boolean {
  return process.argv.includes('--debug') || process.env['KUBE_HEADROOM_DEBUG'] === '1';
}

/** The error's own code; whatever has none from our table was not foreseen. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code in ERRORS) {
    return error.code as ErrorCode;
  }
  return 'KH200';
}
