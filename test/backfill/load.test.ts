import { beforeAll, describe, expect, it } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { defineCase } from '../../src/backfill/case.ts';
import { writeControl } from '../../src/backfill/control.ts';
import { groupsOf } from '../../src/backfill/manifest.ts';
import { cycleStatus } from '../../src/backfill/status.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { waitFor } from '../support/wait.ts';
import { expectedDocuments, loadOf, NEVER, prepared, warehouse, type Prepared } from './workbench.ts';

/** Every document of a system family. */
function documentsOf(search: MemorySearch, family: string): Json[] {
  return [...search.indices].filter(([name]) => name.startsWith(family)).flatMap(([, index]) => [...index.documents.values()].map(({ source }) => source as Json));
}

describe('a load', () => {
  let folder: string;
  let expected: Awaited<ReturnType<typeof expectedDocuments>>;
  beforeAll(async () => {
    folder = await warehouse();
    expected = await expectedDocuments();
  });

  async function extracted(options: Parameters<typeof prepared>[2] = {}): Promise<{ store: MemoryObjectStore; made: Prepared }> {
    const store = new MemoryObjectStore();
    return { store, made: await prepared(store, folder, options) };
  }
  function expectAll(search: MemorySearch): void {
    expect(expected.size).toBeGreaterThan(100);
    for (const { id, version, source, index } of expected.values()) {
      const found = search.document(index, id);
      expect(found?.version, id).toBe(version);
      const { origin, fingerprint: _fingerprint, ...body } = found?.source as Json & { origin: Json };
      expect(body).toEqual(source);
      expect(origin).toMatchObject({ role: 'backfill', cycle: 'cycle-1' });
    }
  }

  it('writes what the live path would have written, and leaves a trace of every row group', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    const load = await loadOf(store, made, search);
    expect(await load.run(NEVER)).toBe('done');
    expectAll(search);
    expect(load.doneRows()).toBe(made.manifest.rows);
    expect(load.status().counts).toMatchObject({ applied: expected.size, superseded: 0, rejected: 0, refused: 0 });
    expect(await cycleStatus(store, made.keys, ['west'])).toMatchObject({ state: 'loaded', regions: { west: { leased: 0, doneRows: made.manifest.rows } } });
    const ranges = documentsOf(search, 'sluice-batches').flatMap((batch) => batch['ranges'] as { topic: string; partition: number; records: number }[]);
    expect(ranges.reduce((sum, { records }) => sum + records, 0)).toBe(made.manifest.rows);
    expect(new Set(ranges.map(({ topic, partition }) => `${topic} ${partition}`)).size).toBe(groupsOf(made.manifest).length);
  });

  it('overwrites only what is older: neither an equal version nor a newer one', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    const [older, equal, newer] = [...expected.values()];
    for (const [at, change] of [[older, -1], [equal, 0], [newer, 1_024]] as const) {
      const action = { index: { _index: at!.index, _id: at!.id, version: at!.version + change, version_type: 'external' } };
      await search.bulk({ body: Buffer.from(`${JSON.stringify(action)}\n{"title":"live"}\n`), detail: 'terse', timeoutMs: 1_000 });
    }
    const load = await loadOf(store, made, search);
    await load.run(NEVER);
    expect(search.document(older!.index, older!.id)?.source).toMatchObject({ origin: { role: 'backfill' } });
    expect(search.document(equal!.index, equal!.id)?.source).toEqual({ title: 'live' });
    expect(search.document(newer!.index, newer!.id)?.source).toEqual({ title: 'live' });
    expect(load.status().counts).toMatchObject({ applied: expected.size - 2, superseded: 2 });
  });

  it('goes on where it was broken off, and ends the same', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    const groups = groupsOf(made.manifest);
    const stop = new AbortController();
    const put = store.put.bind(store);
    store.put = async (key, bytes, condition) => {
      if (key.includes('/done/')) stop.abort(new Error('stopped'));
      return await put(key, bytes, condition);
    };
    const first = await loadOf(store, made, search, { settings: { readAhead: 1 } });
    expect(await first.run(stop.signal)).toBe('stopped');
    store.put = put;
    const before = await cycleStatus(store, made.keys, ['west']);
    expect(before?.regions['west']?.leased).toBe(0);
    const second = await loadOf(store, made, search, { worker: 'worker-2' });
    expect(await second.run(NEVER)).toBe('done');
    expectAll(search);
    expect(first.status().counts.records + second.status().counts.records).toBeGreaterThanOrEqual(made.manifest.rows);
    expect(groups.length).toBeGreaterThan(1);
  });

  it('shares its row groups with other workers: each is loaded once', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    const loads = await Promise.all(['worker-1', 'worker-2', 'worker-3'].map((worker) => loadOf(store, made, search, { worker })));
    expect(await Promise.all(loads.map((load) => load.run(NEVER)))).toEqual(['done', 'done', 'done']);
    expectAll(search);
    expect(loads.reduce((sum, load) => sum + load.status().counts.records, 0)).toBe(made.manifest.rows);
  });

  it('waits while it is paused, goes on, and ends when it is cancelled', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    const control = async (state: 'running' | 'paused' | 'cancelled'): Promise<void> => writeControl(store, made.keys, { state, by: 'test', at: new Date().toISOString() });
    await control('paused');
    const load = await loadOf(store, made, search);
    const running = load.run(NEVER);
    await waitFor(() => load.status().state === 'running', { what: 'the load to begin' });
    expect([...store.objects.keys()].filter((key) => key.includes('/leases/'))).toEqual([]);
    await control('running');
    expect(await running).toBe('done');
    const cancelled = await extracted();
    await writeControl(cancelled.store, cancelled.made.keys, { state: 'cancelled', by: 'test', at: new Date().toISOString() });
    expect(await (await loadOf(cancelled.store, cancelled.made, new MemorySearch())).run(NEVER)).toBe('cancelled');
  });

  it('hears that it is cancelled also while Elasticsearch takes nothing', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    search.setDown(true);
    const load = await loadOf(store, made, search, { processor: { inFlight: 1, drainTimeoutMs: 100 } });
    const running = load.run(NEVER);
    await waitFor(() => load.status().inFlightBatches === 1, { what: 'a batch that nobody takes' });
    await writeControl(store, made.keys, { state: 'cancelled', by: 'test', at: new Date().toISOString() });
    expect(await running).toBe('cancelled');
  });

  it('keeps a row that cannot become a document as a failure with file, row group and row; its neighbours go on', async () => {
    const broken = defineCase({ ...missedEvents, event: (row) => {
      if (row['listingId'] === victim) throw new TypeError('no good');
      return { ...missedEvents.event(row), ...(row['listingId'] === other ? { currency: 'QQQ' } : {}) };
    } });
    const [{ store, made }, search] = [await extracted({ case: broken }), new MemorySearch()];
    const alive = [...expected.values()].filter(({ source }) => source['deleted'] === false).map(({ source }) => String(source['listing_id']));
    const [victim, other] = [...new Set(alive)];
    const load = await loadOf(store, made, search, { case: broken });
    expect(await load.run(NEVER)).toBe('done');
    const failures = documentsOf(search, 'sluice-failures');
    expect(failures.length).toBeGreaterThanOrEqual(2);
    const [file] = made.manifest.files;
    expect(failures.find(({ stage }) => stage === 'decode')).toMatchObject({ pipeline: 'sold-items', error: { type: 'TypeError', reason: 'no good' }, source: { cluster: 'warehouse', topic: file?.key, partition: 0 }, origin: { role: 'backfill' } });
    expect(failures.find(({ stage }) => stage === 'enrich')).toMatchObject({ error: { reason: expect.stringContaining('QQQ') as string }, source: { cluster: 'warehouse' } });
    for (const [id, { index, source }] of expected) expect(search.document(index, id) === null, id).toBe([victim, other].includes(String(source['listing_id'])));
  });

  it('keeps what Elasticsearch rejects as a failure with its coordinates', async () => {
    const [{ store, made }] = [await extracted()];
    const [first] = expected.values();
    const search = new MemorySearch({ reject: (document, operation) => (operation.id === first?.id && document['listing_id'] !== undefined ? { type: 'document_parsing_exception', reason: 'no good' } : null) });
    await (await loadOf(store, made, search)).run(NEVER);
    expect(documentsOf(search, 'sluice-failures')).toMatchObject([{ stage: 'index', pipeline: 'sold-items', document_id: first?.id, lane: 'backfill-west', source: { cluster: 'warehouse', topic: made.manifest.files[0]?.key, partition: 0 } }]);
  });

  it('breaks off at a damaged file, which it names, and marks nothing of it as done', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    const [, second] = made.manifest.files;
    store.objects.set(second!.key, Buffer.concat([Buffer.from('x'), store.objects.get(second!.key)!.subarray(1)]));
    await expect((await loadOf(store, made, search)).run(NEVER)).rejects.toThrow(new RegExp(second!.key));
    expect(await cycleStatus(store, made.keys, ['west'])).toMatchObject({ state: expect.not.stringMatching('loaded') as string, regions: { west: { leased: 0 } } });
  });

  it('takes up the row groups of a worker that died, once its leases have stood still for long enough', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    await store.put(made.keys.lease('west', 0), Buffer.from('{"worker":"dead","beat":1}'));
    expect(await (await loadOf(store, made, search, { settings: { leaseMs: 200 } })).run(NEVER)).toBe('done');
    expectAll(search);
  });

  it('waits for an object store that does not answer, and loses nothing', async () => {
    const [{ store, made }, search] = [await extracted(), new MemorySearch()];
    let failing = 6;
    const { SluiceError } = await import('../../src/domain/errors.ts');
    store.onPut = (key) => { if (/\/(done|leases)\//.test(key) && failing-- > 0) throw new SluiceError('OBJECT_STORE_UNAVAILABLE', 'away'); };
    expect(await (await loadOf(store, made, search)).run(NEVER)).toBe('done');
    expectAll(search);
  });
});
