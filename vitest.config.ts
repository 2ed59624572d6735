import { defineConfig } from 'vitest/config';

const NEEDS_SERVERS = ['test/contract/**', 'test/live/**', 'test/e2e/**', 'test/spark/**', 'test/swift/**'];
const GLOBAL_SETUP = ['test/support/stack-setup.ts'];
const SETUP_FILES = ['test/support/plain-output.ts'];

/** Servers and programs under test share the processors with the tests. */
const WORKERS = 2;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: SETUP_FILES,
          include: ['test/**/*.test.ts'],
          exclude: NEEDS_SERVERS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contract',
          setupFiles: SETUP_FILES,
          include: ['test/contract/**/*.test.ts'],
          globalSetup: GLOBAL_SETUP,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'live',
          setupFiles: SETUP_FILES,
          include: ['test/live/**/*.live.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: GLOBAL_SETUP,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
