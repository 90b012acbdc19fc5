import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // As many as integration: projects of one number share the workers, otherwise one project waits for the other.
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], maxWorkers: 2 } },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          globalSetup: 'tests/support/prepare_run.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file may run a PostgreSQL of its own; more than two at once only wait for each other on two cores.
          maxWorkers: 2,
        },
      },
      {
        test: {
          // Processes and servers killed on purpose, again and again: longer than npm test may take.
          name: 'chaos',
          include: ['tests/chaos/**/*.test.ts'],
          globalSetup: 'tests/support/prepare_run.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
