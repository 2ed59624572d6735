import type { TestProject } from 'vitest/node';
import { readEndpoints } from '../../src/stack/config-file.ts';
import { startStack } from '../../src/stack/stack.ts';

/** Hands the address of an object store to the tests: that of SLUICE_TEST_STACK (a configuration file), else one of its own. */
export default async function provideObjectStore(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['SLUICE_TEST_STACK'];
  if (given !== undefined) {
    project.provide('endpoints', readEndpoints(given));
    return () => Promise.resolve();
  }
  const stack = await startStack({ with: ['object-store'], only: ['object-store'] });
  project.provide('endpoints', stack.endpoints);
  return () => stack.down();
}
