import { defineConfig } from 'vitest/config';

const NEEDS_SERVERS = ['test/contract/**', 'test/live/**', 'test/e2e/**', 'test/spark/**', 'test/swift/**'];
const GLOBAL_SETUP = ['test/support/stack-setup.ts'];
const SETUP_FILES = ['test/support/plain-output.ts'];

/** Servers and programs under test share the processors with the tests. */
const WORKERS = 2;
/** Times at which a test gives up. They are far beyond what a step takes, since a starved machine is no fault of what is tested. */
const LIMITS = { unit: 60_000, contract: 180_000, live: 420_000 };
const POLL_LIMIT_MS = 30_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: SETUP_FILES,
          include: ['test/**/*.test.ts'],
          exclude: NEEDS_SERVERS,
          testTimeout: LIMITS.unit,
          hookTimeout: LIMITS.unit,
          expect: { poll: { timeout: POLL_LIMIT_MS } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contract',
          setupFiles: SETUP_FILES,
          include: ['test/contract/**/*.test.ts'],
          globalSetup: GLOBAL_SETUP,
          testTimeout: LIMITS.contract,
          hookTimeout: LIMITS.contract,
          expect: { poll: { timeout: POLL_LIMIT_MS } },
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
          testTimeout: LIMITS.live,
          hookTimeout: LIMITS.live,
          expect: { poll: { timeout: POLL_LIMIT_MS } },
          maxWorkers: WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
