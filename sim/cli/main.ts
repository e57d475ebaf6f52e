#!/usr/bin/env node
/** Entry of the command line: parses, runs one command, and presents whatever went wrong, in one place. */

import { EXIT } from './exit-codes.js';
import { tolerateClosedPipes } from './output.js';
import { presentError } from './present-error.js';
import { buildProgram } from './program.js';

tolerateClosedPipes();

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  // Nothing is known about the state of the process any more: say what happened and end it.
  process.on(event, (error: unknown) => process.exit(presentError(error)));
}

let exitCode: number = EXIT.ok;
try {
  await buildProgram((code) => (exitCode = code)).parseAsync();
} catch (error) {
  exitCode = presentError(error);
}
// Not process.exit(): what was written to a pipe may still be on its way.
process.exitCode = exitCode;
