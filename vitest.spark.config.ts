import { defineConfig } from 'vitest/config';

/** `npm run test:spark`: what needs Python parts, which are fetched once: Spark (half a gigabyte) with an object store, and OpenStack Swift, new and old. */
export default defineConfig({
  test: {
    name: 'spark',
    include: ['test/spark/**/*.test.ts', 'test/swift/**/*.test.ts'],
    globalSetup: ['test/spark/object-store-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
});
