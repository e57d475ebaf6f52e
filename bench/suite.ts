/**
 * One thing to measure. Each measurement runs in a process of its own: the code that V8 makes of a function depends on
 * what has called it before, so tasks that shared a process would be measured in the order's favour or to its cost.
 */
export interface Task {
  /** Unique in its suite. */
  readonly name: string;
  /** What one call of the prepared function does so many of; figures are per operation. A call should take 1 to 20 ms. */
  readonly operations: number;
  /** Whether `npm run bench:gate` holds this task to the baseline. */
  readonly gated?: boolean;
  /** Sets up what is not to be measured and returns what is. */
  prepare(): () => unknown;
  /** A result that has to be the same for all tasks with the same `group`, lest one is fast by being wrong. */
  readonly check?: { readonly group: string; result(): string };
}

/** How much faster than another task of the same suite a task has to be. */
export interface Requirement {
  /** Such as 'ladder / tinyqueue at 100,000 pending'. */
  readonly description: string;
  readonly faster: string;
  readonly slower: string;
  readonly atLeast: number;
}

export interface Suite {
  readonly name: string;
  readonly description: string;
  readonly tasks: readonly Task[];
  readonly requirements?: readonly Requirement[];
}

/** Names a task in all suites. */
export function taskId(suite: Suite, task: Task): string {
  return `${suite.name}/${task.name}`;
}
