import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ANY_NAME, settings } from '../../docs/configuration-page.ts';
import { PAGES } from '../../docs/pages.ts';
import { overridesOf } from '../../src/config/environment.ts';
import { configSchema } from '../../src/config/schema.ts';

const DOCS = join(import.meta.dirname, '../../docs');

describe('pages that come from the code', () => {
  it.each(Object.keys(PAGES))('docs/%s is what the code prints (else: npm run docs)', (name) => {
    expect(readFileSync(join(DOCS, name), 'utf8')).toBe(PAGES[name]?.());
  });
});

describe('the configuration page', () => {
  it('says of every value what it is', () => {
    expect(settings().filter(({ schema }) => schema.description === undefined).map(({ path }) => path.join('.'))).toEqual([]);
  });

  it('names values that the environment can set, in the way that it tells', () => {
    const base = { regions: { west: {} } };
    for (const { path } of settings()) {
      const real = path.map((part) => (part === ANY_NAME ? 'west' : part));
      const variable = `SLUICE__${real.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('__')}`;
      const { overrides, problems } = overridesOf(configSchema, { [variable]: '1' }, base);
      expect(problems, variable).toEqual([]);
      expect(overrides.map((override) => override.path)).toEqual([real]);
    }
  });
});
