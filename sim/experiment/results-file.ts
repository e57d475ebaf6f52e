/**
 * Writes results for programs (results.json) and people (report.html).
 *
 * Files are written beside their place and renamed into it, so that a reader never sees half a file, and a full disk or a
 * second Ctrl-C leaves the last good one.
 */

import { access, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { type ErrorCode, userError } from '../errors.js';
import type { Results } from './results.js';

const RESULTS_FILE = 'results.json';
const REPORT_FILE = 'report.html';

/** The simulation is done, but its results are not on disk. */
export class ResultsFileError extends Error {
  override readonly name = 'ResultsFileError';
  readonly code: ErrorCode = 'KH203';
}

/** Makes the directory, and finds out before the simulation whether files can be written there. */
export async function prepareDirectory(directory: string): Promise<void> {
  try {
    await makeDirectory(resolve(directory));
    await access(directory, constants.W_OK);
  } catch (error) {
    throw userError('KH102', `the output directory ${directory} cannot be used: ${messageOf(error)}`);
  }
}

/**
 * Makes the directory and those above it. Not by mkdir's option `recursive`: where a parent exists and can hold nothing, as
 * /proc, that tries for ever.
 */
async function makeDirectory(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeDirectory(parent);
  await mkdir(directory).catch(async (error: unknown) => {
    // Another run may have made it in between.
    if (!(await isDirectory(directory))) throw error;
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

export async function writeResults(directory: string, results: Results): Promise<string> {
  const path = await writeAtomically(directory, RESULTS_FILE, formatResults(results));
  // The report of an earlier run would be taken for that of these results.
  await rm(join(directory, REPORT_FILE), { force: true });
  return path;
}

export async function writeReport(directory: string, html: string): Promise<string> {
  return writeAtomically(directory, REPORT_FILE, html);
}

/** Results as JSON text, the same bytes for the same results: keys in the order in which the code builds them. */
export function formatResults(results: Results): string {
  return `${format(results, '', 'results')}\n`;
}

/** JSON with an indent of two, but lists of plain values on one line: a histogram has thousands of them. */
function format(value: unknown, indent: string, path: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    // JSON would turn it into null without a word, and a reader would take it for "no value".
    throw new Error(`${path} is ${value}, which JSON cannot hold`);
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => format(item, inner, `${path}[${index}]`));
    const plain = value.every((item) => typeof item !== 'object' || item === null);
    if (plain) return `[${items.join(', ')}]`;
    return `[\n${items.map((item) => inner + item).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([key, field]) => `${inner}${JSON.stringify(key)}: ${format(field, inner, `${path}.${key}`)}`);
  return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`;
}

async function writeAtomically(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  // The process id keeps two runs into one directory out of each other's way.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ResultsFileError(`${path}: ${messageOf(error)}`, { cause: error });
  }
  return path;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
