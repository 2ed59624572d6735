import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, for any Node
import { environmentOf } from '../../scripts/run.mjs';

const environment = environmentOf as (file: string, env: Record<string, string>) => Record<string, string>;
const SLUICE = resolve('src/main/sluice.ts');

describe('the environment of a program of this repository', () => {
  it('has little room for young garbage where records stream through', () => {
    expect(environment(SLUICE, {})['NODE_OPTIONS']).toContain('--max-semi-space-size');
    expect(environment(resolve('bench/run.ts'), {})['NODE_OPTIONS']).toContain('--max-semi-space-size');
    expect(environment(resolve('test/run.ts'), {})).not.toHaveProperty('NODE_OPTIONS');
  });

  it('lets the allocator keep one pool there, unless told otherwise', () => {
    expect(environment(SLUICE, {})['MALLOC_ARENA_MAX']).toBe('1');
    expect(environment(SLUICE, { MALLOC_ARENA_MAX: '4' })['MALLOC_ARENA_MAX']).toBe('4');
    expect(environment(resolve('test/run.ts'), {})).not.toHaveProperty('MALLOC_ARENA_MAX');
  });

  it('leaves the last word to options that are given', () => {
    expect(environment(SLUICE, { NODE_OPTIONS: '--max-semi-space-size=64' })['NODE_OPTIONS']).toMatch(/ --max-semi-space-size=64$/);
  });
});
