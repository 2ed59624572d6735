import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { Endpoints } from '../../src/stack/stack.ts';

export { waitFor, type WaitOptions } from './wait.ts';

/** Addresses of the servers that all contract and live tests share: keep apart by `uniquePrefix`, never stop one. */
export function testEndpoints(): Promise<Endpoints> {
  return Promise.resolve(inject('endpoints'));
}

/** A prefix for the topics, groups and indices of one test, such as `t3f9a07.`. */
export function uniquePrefix(): string {
  return `t${randomBytes(3).toString('hex')}.`;
}
