import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Measurement } from './measurement.js';

const script = fileURLToPath(new URL('measure-task.js', import.meta.url));

/** Measures a task in a new process. One after the other, as two at a time would share caches. */
export async function measureInChild(id: string, timeMs: number): Promise<Measurement> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, id, String(timeMs)]);
  return JSON.parse(stdout) as Measurement;
}
