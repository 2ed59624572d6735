import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indexNameOf } from '../../src/domain/index-name.ts';
import { isIndexOf, templateOf, type IndexSettings, type Template } from '../../src/setup/template.ts';
import { matches } from '../support/memory-search-store.ts';

const SETTINGS = { shards: 2, replicas: 1, refreshInterval: '5s' };
const MAPPING = { version: 3, settings: { 'index.mapping.total_fields.limit': 200 }, mappings: { dynamic: 'strict', properties: { deleted: { type: 'boolean' } } } };

function template(prefix: string, base: string, hidesDeleted = true, settings: IndexSettings = SETTINGS): Template {
  return templateOf(prefix, { base, mapping: base, hidesDeleted }, MAPPING, settings);
}
/** The template that Elasticsearch would choose for a new index. */
function chosen(templates: readonly Template[], index: string): string | undefined {
  const fitting = templates.filter(({ body }) => (body['index_patterns'] as string[]).some((pattern) => matches(pattern, index)));
  return fitting.sort((a, b) => Number(b.body['priority']) - Number(a.body['priority']))[0]?.name;
}

describe('index template', () => {
  test('holds mapping, settings, alias and version, and keeps bulk requests from creating indices', () => {
    expect(template('a.', 'sold-items').body).toMatchObject({
      version: 3,
      allow_auto_create: false,
      template: {
        settings: { 'index.mapping.total_fields.limit': 200, 'index.number_of_shards': 2, 'index.number_of_replicas': 1, 'index.refresh_interval': '5s' },
        mappings: { dynamic: 'strict', _meta: { version: 3 } },
        aliases: { 'a.sold-items': { filter: { bool: { must_not: [{ term: { deleted: true } }] } } } },
      },
    });
  });
  test('refreshing is left to Elasticsearch unless it was set', () => {
    const { settings } = template('', 'x', true, { ...SETTINGS, refreshInterval: null }).body['template'] as { settings: object };
    expect(settings).not.toHaveProperty(['index.refresh_interval']);
  });
  test('system indices are searched unfiltered', () => {
    expect(template('', 'sluice-failures', false).body).toMatchObject({ template: { aliases: { 'sluice-failures': {} } } });
  });
  test('its fingerprint changes with the settings and with nothing else', () => {
    expect(template('', 'x').fingerprint).toBe(template('', 'x').fingerprint);
    expect(template('', 'x').fingerprint).not.toBe(template('', 'x', true, { ...SETTINGS, replicas: 2 }).fingerprint);
  });

  test.each(['sold-items', 'sold-items-archive', 'a.sold-items-2026.11', 'xsold-items-2026.11'])('the template of sold-items leaves %s alone', (index) => {
    expect(chosen([template('', 'sold-items')], index)).toBeUndefined();
  });
  test('every index goes to the template of its own family, whatever the names', () => {
    const name = fc.stringMatching(/^[a-c0-2][a-c0-2-]{0,5}$/);
    const prefix = fc.oneof(fc.constant(''), name.map((value) => `${value}.`));
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(prefix, name), { selector: (pair) => pair.join(''), minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 253_402_300_799_999 }), (families, time) => {
      const templates = families.map(([before, base]) => template(before, base));
      for (const own of templates) {
        const index = indexNameOf(own.name, 'month', time);
        expect(chosen(templates, index)).toBe(own.name);
      }
    }));
  });
});

describe('family of an index', () => {
  test.each([['sold-items-2026.11', true], ['sold-items-2026.11.22', true], ['sold-items-2026', true], ['sold-items-archive', false], ['sold-items-2-2026.11', false], ['sold-items', false], ['a.sold-items-2026.11', false]])('%s: %s', (index, expected) => {
    expect(isIndexOf('sold-items', index)).toBe(expected);
  });
});
