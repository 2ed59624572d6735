import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectElasticsearch } from '../../src/adapters/elasticsearch/connect.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { failureDocument } from '../../src/domain/failure.ts';
import { OWN_INDICES } from '../../src/domain/system-names.ts';
import type { Json, SearchCluster } from '../../src/ports/search-index.ts';
import { createIndexKeeper } from '../../src/setup/ensure-indices.ts';
import { ensureTemplates } from '../../src/setup/ensure-templates.ts';
import { familiesOf } from '../../src/setup/families.ts';
import { setup, templatesOf, type SetupReport, type SetupSettings } from '../../src/setup/setup.ts';
import type { Template } from '../../src/setup/template.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { testEndpoints, uniquePrefix } from '../support/stack.ts';

const TIMEOUT_MS = 60_000;

describe('setup on a real cluster', () => {
  let cluster: SearchCluster;
  let settings: SetupSettings;
  const prefixes: string[] = [];

  beforeAll(async () => {
    const { regions } = await testEndpoints();
    const nodes = Object.values(regions)[0]?.elasticsearch.nodes ?? [];
    cluster = connectElasticsearch({ nodes, requestTimeoutMs: TIMEOUT_MS, maxSockets: 16, compression: false });
  });
  beforeEach(() => {
    const prefix = uniquePrefix();
    prefixes.push(prefix);
    settings = {
      prefix,
      pipelines: [{ name: 'sold-items', index: { period: 'month', mapping: 'sold-items' } }],
      topics: { partitions: 1, replicas: 1, retentionHours: 1 },
      indices: { shards: 1, replicas: 0, refreshInterval: '1s', ahead: 0, behind: 0 },
    };
  });
  afterAll(async () => {
    for (const prefix of prefixes) await removeAll(cluster, prefix);
    await cluster.close();
  });

  function run(): Promise<SetupReport> {
    const log = new MemoryLog().admin();
    return setup(settings, { source: log, regions: new Map([['west', { log, search: cluster }]]), clock: systemClock });
  }
  /** The pipeline's template, and all others in one state. */
  function others(state: string, first: Json): unknown[] {
    return [first, ...OWN_INDICES.map(() => ({ state }))];
  }
  async function templatesAt(version: number, change: Json = {}): Promise<Template[]> {
    const [template] = await templatesOf(settings);
    if (template === undefined) throw new Error('there is no template');
    const properties = { ...(template.mappings['properties'] as Json), ...change };
    const mappings = { ...template.mappings, properties, _meta: { version } };
    const body = { ...template.body, version, _meta: { version, fingerprint: String(version) }, template: { ...(template.body['template'] as Json), mappings } };
    return [{ ...template, version, fingerprint: String(version), mappings, body }];
  }

  test('creates templates, aliases and indices, and keeps them the second time', async () => {
    expect(await run()).toMatchObject({ ok: true, regions: { west: { search: { templates: others('created', { state: 'created' }), indices: { kept: [] } } } } });
    expect(await run()).toMatchObject({ ok: true, regions: { west: { search: { templates: others('kept', { state: 'kept', mapped: [], aliased: [] }), indices: { created: [] } } } } });
  });

  test('several processes at once: every one succeeds, each index is created once', async () => {
    const reports = await Promise.all(Array.from({ length: 4 }, run));
    expect(reports.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const created = reports.flatMap(({ regions }) => (regions['west']?.search.ok === true ? regions['west'].search.indices.created : []));
    expect(new Set(created).size).toBe(created.length);
    expect(created).toHaveLength(familiesOf(settings.pipelines).length);
  });

  test('the alias hides tombstones, the index does not', async () => {
    await run();
    const alias = `${settings.prefix}sold-items`;
    const index = await indexOf(cluster, alias);
    await cluster.call('PUT', `/${index}/_doc/1?version=1&version_type=external`, { deleted: false });
    await cluster.call('PUT', `/${index}/_doc/2?version=1&version_type=external&refresh=true`, { deleted: true });
    expect((await cluster.call('GET', `/${alias}/_count`)).body).toMatchObject({ count: 1 });
    expect((await cluster.call('GET', `/${index}/_count`)).body).toMatchObject({ count: 2 });
  });

  test('a bulk request never creates an index of the family', async () => {
    await run();
    const index = `${settings.prefix}sold-items-1999.01`;
    const body = Buffer.from(`{"index":{"_index":"${index}","_id":"1"}}\n{"deleted":false}\n`);
    const answer = await cluster.bulk({ body, detail: 'terse', timeoutMs: TIMEOUT_MS });
    expect(answer.kind === 'answered' && answer.body.toString()).toContain('index_not_found_exception');
    expect(await createIndexKeeper(cluster).ensure([index])).toEqual([index]);
    const again = await cluster.bulk({ body, detail: 'terse', timeoutMs: TIMEOUT_MS });
    expect(again.kind === 'answered' && again.body.toString()).toContain('"errors":false');
  });

  test('a newer version adds its fields to the indices that are there, and theirs alone', async () => {
    await run();
    const index = await indexOf(cluster, `${settings.prefix}sold-items`);
    const sibling = `${settings.prefix}sold-items-archive`;
    await cluster.call('PUT', `/${sibling}`, { settings: { number_of_replicas: 0 } });
    const [report] = await ensureTemplates(cluster, await templatesAt(1_000, { added: { type: 'keyword' } }));
    expect(report).toMatchObject({ state: 'updated', mapped: [index], aliased: [] });
    expect(await mappingOf(cluster, index)).toMatchObject({ _meta: { version: 1_000 }, dynamic: 'strict', properties: { added: { type: 'keyword' }, deleted: { type: 'boolean' } } });
    expect(await mappingOf(cluster, sibling)).toEqual({});
    expect((await ensureTemplates(cluster, await templatesAt(1_000, { added: { type: 'keyword' } })))[0]).toMatchObject({ state: 'kept', mapped: [] });
  });

  test.each<[string, Json]>([
    ['another type', { deleted: { type: 'keyword' } }],
    ['a parameter that is fixed', { deleted: { type: 'boolean', doc_values: false, index: false } }],
    ['an object in the place of a value', { deleted: { properties: { at: { type: 'date' } } } }],
  ])('%s is refused with index and field, and nothing is changed', async (_, change) => {
    await run();
    const index = await indexOf(cluster, `${settings.prefix}sold-items`);
    const before = await mappingOf(cluster, index);
    const templates = await templatesAt(1_000, { ...change, added: { type: 'keyword' } });
    await expect(ensureTemplates(cluster, templates)).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED', details: { conflicts: expect.arrayContaining([expect.objectContaining({ index, field: 'deleted' })]) as unknown } });
    expect(await mappingOf(cluster, index)).toEqual(before);
    expect((await run()).ok).toBe(true);
    // The server would have refused it, too: what is told as a conflict is one.
    await expect(cluster.call('PUT', `/${index}/_mapping`, { properties: change })).rejects.toMatchObject({ details: { status: 400 } });
  });

  test('older code leaves a newer template alone', async () => {
    await run();
    await ensureTemplates(cluster, await templatesAt(1_000, { added: { type: 'keyword' } }));
    expect((await run()).regions['west']?.search).toMatchObject({ ok: true, templates: others('kept', { state: 'newer' }) });
  });

  test('the failure index takes a failure with the largest payload that is kept', async () => {
    await run();
    const { id, body } = failureDocument({
      stage: 'decode', error: { type: 'SyntaxError', reason: 'r'.repeat(8_000), stack: 's'.repeat(16_000) }, payload: Buffer.alloc(5 * 1024 * 1024, 0xff), pipeline: 'sold-items',
      source: { cluster: 'west', topic: 't', partition: 0, offset: 0, timestamp: Date.now() }, lane: null, batch: null, documentId: null, version: null, index: null, attempts: 1, host: 'h', origin: null, time: Date.now(),
    });
    const index = await indexOf(cluster, `${settings.prefix}sluice-failures`);
    const history = [{ at: new Date(0).toISOString(), by: 'somebody', action: 'redrive', outcome: 'applied' }];
    await cluster.call('PUT', `/${index}/_doc/${id}?refresh=true`, { ...body, deleted: false, history });
    const { body: found } = await cluster.call('POST', `/${settings.prefix}sluice-failures/_search`, { query: { term: { 'error.type': 'SyntaxError' } }, _source: ['payload_bytes'] });
    expect(found).toMatchObject({ hits: { total: { value: 1 }, hits: [{ _id: id, _source: { payload_bytes: 5 * 1024 * 1024 } }] } });
  });
});

async function indexOf(cluster: SearchCluster, alias: string): Promise<string> {
  const { body } = await cluster.call('GET', `/${alias}/_alias`);
  return Object.keys(body)[0] ?? '';
}

async function mappingOf(cluster: SearchCluster, index: string): Promise<unknown> {
  const { body } = await cluster.call('GET', `/${index}/_mapping`);
  return (body[index] as Json)['mappings'];
}

async function removeAll(cluster: SearchCluster, prefix: string): Promise<void> {
  const { body: indices } = await cluster.call('GET', `/${prefix}*/_alias`);
  if (Object.keys(indices).length > 0) await cluster.call('DELETE', `/${Object.keys(indices).join(',')}`);
  const { body: templates } = await cluster.call('GET', `/_index_template/${prefix}*`);
  for (const { name } of templates['index_templates'] as { name: string }[]) await cluster.call('DELETE', `/_index_template/${name}`);
}
