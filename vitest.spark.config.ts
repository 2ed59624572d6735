import { defineConfig } from 'vitest/config';

/** `npm run test:spark`: what needs Spark, which is fetched once (half a gigabyte), and an object store. */
export default defineConfig({
  test: {
    name: 'spark',
    include: ['test/spark/**/*.test.ts'],
    globalSetup: ['test/spark/object-store-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
});
