import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['sim/**/*.test.ts', 'reports/**/*.test.ts', 'bench/**/*.test.ts'],
    setupFiles: ['sim/testing/property-tests.ts'],
    // Two workers: the machines that run this have two cores, and replications start threads of their own.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
