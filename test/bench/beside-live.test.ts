import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from '../../backfill/index.ts';
import { FIRST_DAY, LAST_DAY } from '../../bench/backfill-warehouse.ts';
import { Oracle } from '../../bench/beside-live/oracle.ts';
import { fillBesideLive, LiveStory } from '../../bench/beside-live/story.ts';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { decodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { indexNameOf } from '../../src/domain/index-name.ts';
import { processEvent } from '../../src/ingest/process-event.ts';
import type { FoundDocument } from '../../src/proof/read-region.ts';
import { loadOf, lookupsOf, NEVER, prepared, withEngine } from '../backfill/workbench.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySearch } from '../support/memory-search.ts';

const ROWS = 1_200;
const EVENTS = 400;
const PREPARED_MS = 60_000;

describe('the oracle of the run beside live traffic', () => {
  let folder: string;
  let search: MemorySearch;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    search = new MemorySearch();
    await withEngine((engine) => fillBesideLive(engine, join(folder, 'warehouse'), ROWS));
    const story = new LiveStory(ROWS, join(folder, 'events.ndjson'));
    await live(search, story.next(EVENTS / 2).map(({ value }) => value));
    for (const one of cases) {
      const store = new MemoryObjectStore();
      const made = await prepared(store, join(folder, 'warehouse'), { case: one, cycle: one.name, days: { from: FIRST_DAY, to: LAST_DAY } });
      await (await loadOf(store, made, search, { case: one })).run(NEVER);
    }
    await live(search, story.next(EVENTS / 2).map(({ value }) => value));
  }, PREPARED_MS);
  afterAll(() => rmSync(folder, { recursive: true }));

  async function judged(): Promise<{ failures: number; judgement: Awaited<ReturnType<Oracle['judge']>> }> {
    return await withEngine(async (engine) => {
      const oracle = new Oracle(engine, folder);
      await oracle.expect(join(folder, 'warehouse'), join(folder, 'events.ndjson'));
      return { failures: await oracle.failures(), judgement: await oracle.judge('west', documentsOf(search)) };
    });
  }

  it('finds a region right that the pipeline filled, the warehouse against live events of every kind', async () => {
    const { failures, judgement } = await judged();
    expect(judgement).toEqual({ expected: ROWS + EVENTS / 4, missing: 0, unexpected: 0, different: 0, ids: [] });
    expect(failures).toBeGreaterThan(0);
    expect([...search.indices].filter(([name]) => name.startsWith('sluice-failures')).flatMap(([, { documents }]) => [...documents.keys()])).toHaveLength(failures);
  });

  it('notices a field, a version, a document too few and one too many', async () => {
    const [[, index]] = [...search.indices].filter(([name]) => name.startsWith('sold-items-')) as [[string, (typeof search.indices extends Map<string, infer Index> ? Index : never)]];
    const [first, second, third] = [...index.documents.keys()] as [string, string, string];
    const documents = index.documents as Map<string, { version: number; source: Record<string, unknown> }>;
    const [one, two, three] = [first, second, third].map((id) => documents.get(id)) as [{ version: number; source: Record<string, unknown> }, { version: number; source: Record<string, unknown> }, { version: number; source: Record<string, unknown> }];
    one.source = { ...one.source, price_usd: -1 };
    two.version += 1;
    documents.delete(third);
    documents.set('stranger-1', three);
    expect((await judged()).judgement).toMatchObject({ different: 2, missing: 1, unexpected: 1 });
  });
});

async function* documentsOf(search: MemorySearch): AsyncGenerator<FoundDocument, void, undefined> {
  for (const [name, { documents }] of search.indices) {
    if (!name.startsWith('sold-items-')) continue;
    for (const [id, { version, source }] of documents) {
      const { origin: _origin, fingerprint: _fingerprint, ...body } = source as Record<string, unknown>;
      yield { id, version, source: body };
    }
  }
}

/** Writes events as a primary lane does. */
async function live(search: MemorySearch, payloads: readonly Buffer[]): Promise<void> {
  const context = { lookups: await lookupsOf(), clock: systemClock, timeoutMs: 1_000, meter: { runs: 0, ms: 0 }, prefix: '', sourceCluster: 'west', host: 'host', maxRecordBytes: 1_000_000 };
  const lines: string[] = [];
  for (const [offset, payload] of payloads.entries()) {
    const end = await processEvent({ pipeline: soldItems, regionalTopic: 'documents.sold-items' }, { pipeline: 'sold-items', topic: 'events', partition: 0, offset, timestamp: 0, key: null, payload }, context);
    if (end.kind !== 'written') throw new Error(`a live event was ${end.kind}`);
    const envelope = decodeEnvelope(end.record.headers?.get(ENVELOPE_HEADER) ?? Buffer.alloc(0));
    lines.push(JSON.stringify({ index: { _index: indexNameOf('sold-items', 'day', envelope!.routingTime), _id: envelope!.id, version: envelope!.version, version_type: 'external_gte' } }), `${end.record.value?.toString('utf8').slice(0, -1)},"origin":{"role":"primary"}}`);
  }
  await search.bulk({ body: Buffer.from(`${lines.join('\n')}\n`), detail: 'terse', timeoutMs: 1_000 });
}
