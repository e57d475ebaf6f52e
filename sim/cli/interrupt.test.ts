import { afterEach, expect, it, vi } from 'vitest';

import { listenForInterrupt } from './interrupt.js';

afterEach(() => vi.restoreAllMocks());

it('aborts at the first Ctrl-C, and ends the process with 130 at the second', () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  using interrupt = listenForInterrupt();
  expect(interrupt.signal.aborted).toBe(false);
  process.emit('SIGINT');
  expect(interrupt.signal.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
  process.emit('SIGINT');
  expect(exit).toHaveBeenCalledWith(130);
});

it('leaves the signals alone when it is disposed of', () => {
  const before = process.listenerCount('SIGINT');
  {
    using _interrupt = listenForInterrupt();
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
  }
  expect(process.listenerCount('SIGINT')).toBe(before);
});
