import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { userError } from '../errors.js';
import { ReplicationError } from '../experiment/replication-error.js';
import { presentError } from './present-error.js';

let shown = '';
beforeEach(() => {
  shown = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((shown += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const crash = (code: string | null): ReplicationError =>
  new ReplicationError('a.yaml', 'baseline', 3, 7, { name: 'Error', message: 'boom', code, stack: 'at the worker' });

it("shows the user's mistakes, and ends with 2", () => {
  expect(presentError(userError('KH103', 'nothing here'))).toBe(2);
  expect(shown).toMatch(/^KH103: nothing here\n {2}help: /);
});

it('calls anything unforeseen a fault of kube-headroom, without a stack, and ends with 1', () => {
  expect(presentError(new TypeError('x is not a function'))).toBe(1);
  expect(shown).toMatch(/^KH200: A fault of kube-headroom: x is not a function\n {2}help: .*--debug/);
  expect(shown).not.toContain('    at ');
});

it('shows what was thrown even if it is no error', () => {
  expect(presentError('just text')).toBe(1);
  expect(shown).toContain('just text');
});

it('does not take the code of Node.js for one of ours', () => {
  presentError(Object.assign(new Error('broken'), { code: 'ENOENT' }));
  expect(shown).toMatch(/^KH200/);
});

it('names a failed replication, and advises when it ran out of memory', () => {
  expect(presentError(crash(null))).toBe(1);
  expect(shown).toMatch(/^KH201: .*replication 3 of variant "baseline" failed \(seed 7\): boom/);
  shown = '';
  presentError(crash('ERR_WORKER_OUT_OF_MEMORY'));
  expect(shown).toMatch(/^KH202: .*\n {2}help: .*--threads/);
});

it("shows the worker's stack when it is asked to", () => {
  vi.stubEnv('KUBE_HEADROOM_DEBUG', '1');
  presentError(crash(null));
  expect(shown).toContain('at the worker');
});

it("ends as commander's errors mean it: 0 for help, 2 for bad usage", () => {
  expect(presentError(new CommanderError(0, 'commander.helpDisplayed', ''))).toBe(0);
  expect(presentError(new CommanderError(1, 'commander.unknownCommand', ''))).toBe(2);
  expect(shown).toBe('');
});
