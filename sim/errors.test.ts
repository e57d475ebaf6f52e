import { expect, test } from 'vitest';
import {
  ERRORS,
  type ErrorDefinition,
  formatProblem,
  formatProblems,
  type Problem,
  userError,
  UserError,
} from './errors.js';

const problem: Problem = {
  code: 'KH009',
  file: 'a.yaml',
  line: 3,
  column: 1,
  message: 'unknown field "sead"',
  suggestion: 'did you mean "seed"?',
  excerpt: '    3 | sead: 7\n      | ^',
};

const page = (errors: Record<string, ErrorDefinition>): string =>
  [
    '# Errors',
    'Every error that kube-headroom reports, by its code. A code never changes its meaning. This page follows the table in `sim/errors.ts`.',
    ...Object.entries(errors).map(
      ([code, { title, cause, remedy }]) => `## ${code}\n\n**${title}.** ${cause}\n\n_Remedy:_ ${remedy}`,
    ),
  ].join('\n\n') + '\n';

// Refresh with `npx vitest run sim/errors.test.ts -u` after a change of the table.
test('ERRORS.md documents exactly the errors of the table', async () => {
  await expect(page(ERRORS)).toMatchFileSnapshot('ERRORS.md');
});

test('codes have the form KH and three digits, and stand in ascending order', () => {
  const codes = Object.keys(ERRORS);
  expect(codes.filter((code) => !/^KH\d{3}$/.test(code))).toEqual([]);
  expect(codes).toEqual(codes.toSorted());
});

test('a problem is printed with its place first, so that editors link it', () => {
  expect(formatProblem(problem)).toBe(
    'a.yaml:3:1: KH009: unknown field "sead"\n    3 | sead: 7\n      | ^\n  help: did you mean "seed"?',
  );
});

test('a problem without advice and without a line to look at is printed with the remedy of its code', () => {
  expect(formatProblem({ ...problem, line: null, column: null, excerpt: null, suggestion: null })).toBe(
    `a.yaml: KH009: unknown field "sead"\n  help: ${ERRORS.KH009.remedy}`,
  );
});

test('a problem without advice of its own is printed with its line only', () => {
  expect(formatProblem({ ...problem, suggestion: null })).toBe(
    'a.yaml:3:1: KH009: unknown field "sead"\n    3 | sead: 7\n      | ^',
  );
});

test('a UserError carries all problems and means bad usage', () => {
  const error = new UserError([problem, { ...problem, line: 4 }]);
  expect(error.exitCode).toBe(2);
  expect(error.message).toContain('a.yaml:3:1');
  expect(error.message).toContain('a.yaml:4:1');
  expect(userError('KH001', 'no file').message).toMatch(/^KH001: no file\n/);
});

test('a flood of problems is cut off', () => {
  expect(formatProblems(Array.from({ length: 50 }, () => problem))).toMatch(/\.\.\. and 10 more problems$/);
});
