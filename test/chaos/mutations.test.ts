import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripTypeScriptTypes } from 'node:module';
import { expect, test } from 'vitest';
import { MUTATIONS, mutated, mutationNamed, urlOf } from './mutations.ts';

test.each(MUTATIONS)('mutation $name still fits the source, and makes another valid program of it', (mutation) => {
  const source = readFileSync(fileURLToPath(urlOf(mutation)), 'utf8');
  const changed = mutated(mutation, source);
  expect(changed).not.toBe(source);
  expect(() => stripTypeScriptTypes(changed)).not.toThrow();
});

test('a mutation that does not fit any more says so instead of proving nothing', () => {
  expect(() => mutated(mutationNamed('no-tombstones'), 'export const nothing = 1;')).toThrow(/holds the text to change 0 times/);
  expect(() => mutationNamed('no-such')).toThrow(/there is no mutation/);
});
