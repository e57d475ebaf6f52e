/** Ctrl-C: the first one asks for a partial result, the second one ends the process on the spot. */

import { EXIT } from './exit-codes.js';
import { say } from './output.js';

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => {
    // Whoever asks twice does not want to wait for files either; finished ones are whole, they were renamed into place.
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    say('\nkube-headroom: interrupted; keeping what has finished (once more to stop at once)');
    controller.abort();
  };
  // SIGTERM is how a cluster or a CI system says it.
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
