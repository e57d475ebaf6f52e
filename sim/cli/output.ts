/** Standard output is for results, standard error for everything else. */

import { styleText } from 'node:util';

/** For a file or a pipe, where nobody knows a better width. */
const DEFAULT_COLUMNS = 100;

export function print(text: string): void {
  process.stdout.write(text);
}

/** For people while `--json` or a pipe owns standard output. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Lets a reader go away: `kube-headroom schema | head` must end quietly, and a run must still write its files. Whatever
 * else goes wrong with a stream is an error like any other.
 */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** The width of a stream's text. A terminal that does not know its own says 0. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
}

export interface TextOptions {
  readonly columns: number;
  readonly color: boolean;
}

/** How text for this stream may look: its width, and colours unless NO_COLOR, a pipe or a dumb terminal forbids them. */
export function textOptions(stream: NodeJS.WriteStream): TextOptions {
  // styleText knows the rules of NO_COLOR, FORCE_COLOR and terminals; what it leaves plain must stay plain.
  return { columns: columnsOf(stream), color: styleText('bold', 'x', { stream }) !== 'x' };
}
