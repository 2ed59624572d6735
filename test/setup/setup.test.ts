import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/ports/search-index.ts';
import { regionalTopicsOf, sourceTopicsOf } from '../../src/setup/ensure-topics.ts';
import { ensureTemplates } from '../../src/setup/ensure-templates.ts';
import { setup, templatesOf, type SetupConnections, type SetupSettings } from '../../src/setup/setup.ts';
import { templateOf, type Template } from '../../src/setup/template.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySearch } from '../support/memory-search.ts';

const INDEX_SETTINGS = { shards: 1, replicas: 0, refreshInterval: '1s' };
const TOPIC_SETTINGS = { partitions: 6, replicas: 3, retentionHours: 168 };
const SETTINGS: SetupSettings = {
  prefix: 'a.',
  pipelines: [{ name: 'sold-items', index: { period: 'month', mapping: 'sold-items' } }],
  topics: TOPIC_SETTINGS,
  indices: { ...INDEX_SETTINGS, ahead: 1, behind: 0 },
};

function version(number: number, properties: Json, refreshInterval = '1s'): Template {
  return templateOf('', { base: 'x', mapping: 'x', hidesDeleted: true }, { version: number, settings: {}, mappings: { dynamic: 'strict', properties } }, { ...INDEX_SETTINGS, refreshInterval });
}
const A = { a: { type: 'long' } };

describe('templates', () => {
  test('are created, then kept, then updated when a setting changes', async () => {
    const search = new MemorySearch();
    const states: string[] = [];
    for (const template of [version(1, A), version(1, A), version(1, A, '5s')]) states.push(...(await ensureTemplates(search, [template])).map(({ state }) => state));
    expect(states).toEqual(['created', 'kept', 'updated']);
  });
  test('indices that were there get the new fields, and siblings do not', async () => {
    const search = new MemorySearch();
    await ensureTemplates(search, [version(1, A)]);
    for (const index of ['x-2026.10', 'x-2026.11', 'x-archive']) await search.call('PUT', `/${index}`);
    const [report] = await ensureTemplates(search, [version(2, { ...A, b: { type: 'keyword' } })]);
    expect(report).toMatchObject({ state: 'updated', mapped: ['x-2026.10', 'x-2026.11'], aliased: [] });
    expect(search.indices.get('x-2026.10')?.mappings).toMatchObject({ _meta: { version: 2 }, properties: { a: {}, b: { type: 'keyword' } } });
    expect(search.indices.get('x-archive')?.mappings['properties']).toBeUndefined();
    expect((await ensureTemplates(search, [version(2, { ...A, b: { type: 'keyword' } })]))[0]).toMatchObject({ state: 'kept', mapped: [] });
  });
  test('a conflict names index and field, and nothing at all is changed', async () => {
    const search = new MemorySearch();
    await ensureTemplates(search, [version(1, A)]);
    await search.call('PUT', '/x-2026.11');
    const before = JSON.stringify([...search.templates]);
    const refused = ensureTemplates(search, [version(2, { a: { type: 'keyword' }, b: { type: 'long' } })]);
    await expect(refused).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED', details: { conflicts: [{ index: 'x-2026.11', field: 'a', parameter: 'type', from: 'long', to: 'keyword' }] } });
    expect(JSON.stringify([...search.templates])).toBe(before);
    expect(search.indices.get('x-2026.11')?.mappings['properties']).toEqual(A);
  });
  test('older code leaves a newer template alone', async () => {
    const search = new MemorySearch();
    await ensureTemplates(search, [version(2, A)]);
    expect((await ensureTemplates(search, [version(1, {})]))[0]).toMatchObject({ state: 'newer' });
    expect(search.templates.get('x')).toMatchObject({ version: 2 });
  });
  test('an index without the alias gets it', async () => {
    const search = new MemorySearch();
    await search.call('PUT', '/x-2026.11', { mappings: version(1, A).mappings });
    expect((await ensureTemplates(search, [version(1, A)]))[0]).toMatchObject({ aliased: ['x-2026.11'] });
    expect((await ensureTemplates(search, [version(1, A)]))[0]).toMatchObject({ aliased: [] });
  });
});

describe('topics', () => {
  test('source topics keep what producers sent, for the time that is configured', () => {
    expect(sourceTopicsOf('a.', ['p'], TOPIC_SETTINGS)).toEqual([{ name: 'a.events.p', partitions: 6, replicas: 3, config: { 'retention.ms': '604800000', 'compression.type': 'producer' } }]);
  });
  test('regional topics take larger records, failures the largest', () => {
    const topics = regionalTopicsOf('a.', ['p'], TOPIC_SETTINGS);
    expect(topics.map(({ name, config }) => [name, config?.['max.message.bytes']])).toEqual([['a.documents.p', '2097152'], ['a.documents.failures', '8388608'], ['a.sluice.state', undefined], ['a.sluice.policies', undefined]]);
    // With the producer's time, an ingest whose clock is behind would write records that retention removes at once.
    for (const { name, config } of topics) expect(config?.['message.timestamp.type'], name).toBe('LogAppendTime');
  });
});

describe('setup', () => {
  function connections(search: MemorySearch): SetupConnections {
    const region = { log: new MemoryLog().admin(), search };
    return { source: new MemoryLog().admin(), regions: new Map([['west', region], ['east', { log: new MemoryLog().admin(), search: new MemorySearch() }]]), clock: new ManualClock(Date.UTC(2026, 10, 22)) };
  }
  const INDICES = ['a.sold-items-2026.11', 'a.sold-items-2026.12', 'a.sluice-failures-2026.11', 'a.sluice-failures-2026.12', 'a.sluice-batches-2026.11', 'a.sluice-batches-2026.12', 'a.sluice-audits-2026.11', 'a.sluice-audits-2026.12', 'a.sluice-alerts-2026.11', 'a.sluice-alerts-2026.12', 'a.sluice-heartbeats-2026.11.22', 'a.sluice-heartbeats-2026.11.23'];

  test('creates everything, and the second time keeps everything', async () => {
    const search = new MemorySearch();
    const to = connections(search);
    const first = await setup(SETTINGS, to);
    expect(first).toMatchObject({
      ok: true,
      source: { created: ['a.events.sold-items'], kept: [] },
      regions: { west: { log: { created: ['a.documents.sold-items', 'a.documents.failures', 'a.sluice.state', 'a.sluice.policies'] }, search: { indices: { created: INDICES, kept: [] } } }, east: {} },
    });
    expect(first.regions['west']?.search).toMatchObject({ templates: [{ name: 'a.sold-items', state: 'created' }, { name: 'a.sluice-failures', state: 'created' }, { name: 'a.sluice-batches', state: 'created' }, { name: 'a.sluice-audits', state: 'created' }, { name: 'a.sluice-alerts', state: 'created' }, { name: 'a.sluice-heartbeats', state: 'created' }] });
    const second = await setup(SETTINGS, to);
    expect(second).toMatchObject({ ok: true, source: { created: [] }, regions: { west: { search: { templates: Array(6).fill({ state: 'kept' }) as unknown[], indices: { created: [], kept: INDICES } } } } });
    expect(search.indices.get('a.sold-items-2026.11')?.mappings).toMatchObject({ dynamic: 'strict', _meta: { version: 3 } });
  });
  test('a mapping without the fingerprint is refused: every document would be rejected', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-mappings-'));
    for (const name of ['sold-items', 'sluice-failures', 'sluice-batches', 'sluice-audits', 'sluice-alerts', 'sluice-heartbeats']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'v3.json'), JSON.stringify({ mappings: { properties: { title: { type: 'text' } } } }));
    }
    await expect(templatesOf({ ...SETTINGS, mappings: pathToFileURL(`${folder}/`) })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('v4.json') as string });
    rmSync(folder, { recursive: true });
  });
  test('one sick cluster does not keep the others from being set up', async () => {
    const search = new MemorySearch();
    search.setDown(true);
    const report = await setup(SETTINGS, connections(search));
    expect(report).toMatchObject({ ok: false, source: { ok: true }, regions: { west: { log: { ok: true }, search: { ok: false, problem: expect.stringContaining('ECONNREFUSED') as string } }, east: { search: { ok: true } } } });
  });
});
