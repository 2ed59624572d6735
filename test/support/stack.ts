import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { S3Settings } from '../../src/adapters/object-store/s3.ts';
import type { Endpoints } from '../../src/stack/stack.ts';

export { waitFor, type WaitOptions } from './wait.ts';

/** Addresses of the servers that all contract and live tests share: keep apart by `uniquePrefix`, never stop one. */
export function testEndpoints(): Promise<Endpoints> {
  return Promise.resolve(inject('endpoints'));
}

/** How the shared object store is reached: keep apart by a prefix. */
export async function objectStoreSettingsOf(): Promise<S3Settings> {
  const { objectStore } = await testEndpoints();
  if (objectStore === undefined) throw new Error('the servers of the tests have no object store: SLUICE_TEST_STACK must name a stack that is up --with object-store');
  return { ...objectStore, region: 'us-east-1', prefix: '', pathStyle: true, checksums: 'supported', requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 };
}

/** A prefix for the topics, groups and indices of one test, such as `t3f9a07.`. */
export function uniquePrefix(): string {
  return `t${randomBytes(3).toString('hex')}.`;
}
