/** A replication that threw: a fault of the model, named so that it can be run again. */

import type { ErrorCode } from '../errors.js';
import type { ErrorData } from './executor.js';

export class ReplicationError extends Error {
  override readonly name = 'ReplicationError';
  readonly code: ErrorCode;

  constructor(file: string, variant: string, replication: number, seed: number, cause: ErrorData) {
    super(`${file}: replication ${replication} of variant "${variant}" failed (seed ${seed}): ${cause.message}`);
    this.code = cause.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'KH202' : 'KH201';
    // The stack that helps is the one in the worker, where the error was thrown.
    if (cause.stack !== null) this.stack = cause.stack;
  }
}
