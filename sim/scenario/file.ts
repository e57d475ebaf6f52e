/** Reads the text of a scenario file. Any path may be given, so nothing large, special or binary may do harm. */

import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { type ErrorCode, UserError } from '../errors.js';

/** The largest scenario that ships has 20 KiB. */
const MAX_FILE_BYTES = 1_048_576;

/** The text of the file without byte order mark. Throws a UserError when there is none. */
export const readScenarioText = (file: string): string => {
  const refuse = (code: ErrorCode, message: string, suggestion: string | null = null): UserError =>
    new UserError([{ code, file, line: null, column: null, message, suggestion, excerpt: null }]);

  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw refuse('KH001', whyUnreadable(error));
  }
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw refuse('KH001', 'this is a directory', 'name a file in it');
    // Checked before reading, and again while reading: pipes and devices have no size.
    const bytes = status.size > MAX_FILE_BYTES ? null : readAtMost(descriptor, MAX_FILE_BYTES);
    if (bytes === null) throw refuse('KH002', 'the file has more than 1 MiB');
    if (!isUtf8(bytes) || bytes.includes(0)) throw refuse('KH004', 'the file is not UTF-8 text');
    const text = new TextDecoder().decode(bytes);
    if (text.trim() === '') throw refuse('KH003', 'the file is empty');
    return text;
  } finally {
    closeSync(descriptor);
  }
};

/** Null when there is more. */
const readAtMost = (descriptor: number, limit: number): Buffer | null => {
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.subarray(0, length);
    length += count;
  }
  return null;
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'this is a directory',
  EACCES: 'permission to read the file is denied',
  EPERM: 'permission to read the file is denied',
};

const whyUnreadable = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? `the file cannot be opened: ${message}`;
};
