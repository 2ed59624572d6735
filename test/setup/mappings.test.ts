import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureDocument } from '../../src/domain/failure.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { conflictsBetween } from '../../src/setup/mapping-conflicts.ts';
import { readMapping } from '../../src/setup/mapping-files.ts';

describe('mapping files', () => {
  let folder: URL;
  beforeAll(async () => {
    const path = await mkdtemp(join(tmpdir(), 'sluice-mappings-'));
    folder = pathToFileURL(`${path}/`);
    for (const name of ['many', 'empty', 'broken', 'bare']) await mkdir(join(path, name));
    for (const version of [1, 2, 10]) await writeFile(join(path, `many/v${version}.json`), JSON.stringify({ mappings: { version } }));
    await writeFile(join(path, 'many/v11.json.orig'), '');
    await writeFile(join(path, 'broken/v1.json'), '{');
    await writeFile(join(path, 'bare/v1.json'), '{}');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('the highest number is in force', async () => {
    expect(await readMapping('many', folder)).toEqual({ version: 10, settings: {}, mappings: { version: 10 } });
  });
  test.each(['absent', 'empty', 'broken', 'bare'])('%s: refused with a sentence', async (name) => {
    await expect(readMapping(name, folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) as string });
  });

  test.each(['sluice-failures', 'sluice-batches', 'sluice-alerts', 'sluice-audits', 'sluice-backfills', 'sluice-heartbeats'])('%s is strict, and holds deleted and origin', async (name) => {
    const { mappings } = await readMapping(name);
    expect(mappings).toMatchObject({ dynamic: 'strict', properties: { deleted: { type: 'boolean' }, origin: { properties: { role: {}, code: {}, host_group: {}, cycle: {} } } } });
  });
  test('the mapping of failures knows every field of a failure document', async () => {
    const { mappings } = await readMapping('sluice-failures');
    const { body } = failureDocument({
      stage: 'index', error: { type: 't', reason: 'r', stack: 's' }, payload: Buffer.from('p'), pipeline: 'p', lane: 'west-east', batch: 'b', documentId: 'd', version: 1, index: 'i', attempts: 1, host: 'h', time: 0,
      source: { cluster: 'west', topic: 't', partition: 0, offset: 0, timestamp: 0 }, origin: { role: 'primary', code: '1', host_group: 'g', cycle: 'c' },
    });
    expect(unknownFields(JSON.parse(JSON.stringify(body)) as Json, mappings)).toEqual([]);
  });
});

describe('conflicts between mappings', () => {
  const field = (properties: Json): Json => ({ properties });
  test('new fields, at any depth, are none', () => {
    expect(conflictsBetween(field({ a: { type: 'long' } }), field({ a: { type: 'long' }, b: { type: 'date' }, c: field({ d: { type: 'text' } }) }))).toEqual([]);
  });
  test('new sub-fields are none', () => {
    expect(conflictsBetween(field({ a: { type: 'text' } }), field({ a: { type: 'text', fields: { keyword: { type: 'keyword' } } } }))).toEqual([]);
  });
  test('an object that is written out and one that is not are the same', () => {
    expect(conflictsBetween(field({ a: field({ b: { type: 'long' } }) }), field({ a: { type: 'object', ...field({ b: { type: 'long' } }) } }))).toEqual([]);
  });
  test('another type, with the path of the field', () => {
    expect(conflictsBetween(field({ a: field({ b: { type: 'long' } }) }), field({ a: field({ b: { type: 'keyword' } }) }))).toEqual([{ field: 'a.b', parameter: 'type', from: 'long', to: 'keyword' }]);
  });
  test('a parameter that cannot change', () => {
    expect(conflictsBetween(field({ a: { type: 'keyword' } }), field({ a: { type: 'keyword', index: false } }))).toEqual([{ field: 'a', parameter: 'index', from: true, to: false }]);
  });
});

function unknownFields(document: Json, mapping: Json, path = ''): string[] {
  const properties = (mapping['properties'] ?? {}) as Record<string, Json>;
  return Object.entries(document).flatMap(([name, value]) => {
    const field = properties[name];
    if (field === undefined) return [path + name];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? unknownFields(value as Json, field, `${path}${name}.`) : [];
  });
}
