import type { TestProject } from 'vitest/node';
import { readEndpoints } from '../../src/stack/config-file.ts';
import { startStack, type Endpoints, type Stack } from '../../src/stack/stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    endpoints: Endpoints;
  }
}

/** One stack for all projects of a run: this module is loaded once for each of them. */
const SHARED = Symbol.for('sluice.test.stack');
const shared = globalThis as { [SHARED]?: { users: number; stack: Promise<Stack> } };

/** Hands the addresses of running servers to the tests: those of SLUICE_TEST_STACK (a configuration file), else a stack of its own. */
export default async function provideStack(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['SLUICE_TEST_STACK'];
  if (given !== undefined) {
    project.provide('endpoints', readEndpoints(given));
    return () => Promise.resolve();
  }
  const entry = (shared[SHARED] ??= { users: 0, stack: startStack({ with: ['object-store'], onProgress: ({ server, text }) => process.stdout.write(`stack: ${server ?? ''} ${text}\n`) }) });
  entry.users++;
  const stack = await entry.stack;
  if (entry.users === 1) stack.onExit(({ name, log }) => process.stderr.write(`stack: ${name} died. The end of its log:\n${log}\n`));
  project.provide('endpoints', stack.endpoints);
  return async () => {
    if (--entry.users === 0) await stack.down();
  };
}
