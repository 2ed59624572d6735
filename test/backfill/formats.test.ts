import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Bool, DateDay, Decimal, Dictionary, Field, Float64, Int32, Int64, List, makeData, RecordBatch, Schema, Struct, Table, TimestampMicrosecond, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import type { Row } from '../../src/backfill/case.ts';
import { adopt } from '../../src/backfill/extract-elsewhere.ts';
import { keysOf } from '../../src/backfill/keys.ts';
import { groupsOf, readManifest, type Manifest } from '../../src/backfill/manifest.ts';
import type { Plan } from '../../src/backfill/plan.ts';
import { GroupReader } from '../../src/backfill/read-group.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { NEVER } from './workbench.ts';

const KEYS = keysOf('backfill/', 'c1');
const PLAN = { format: 1, cycle: 'c1', case: missedEvents.name, pipeline: 'sold-items', plannedAt: new Date(0).toISOString(), code: 'test', from: '2026-11-02', to: '2026-11-03', where: null, epoch: 0, days: [], rows: 3, bytes: 1 } as Plan;

async function adopted(store: MemoryObjectStore, groupRows = 2): Promise<Manifest> {
  return await adopt(PLAN, 'incoming/', { store, keys: KEYS, clock: systemClock, mostFileBytes: 1_000_000, groupRows }, NEVER);
}
async function rowsOf(store: MemoryObjectStore, manifest: Manifest): Promise<Row[]> {
  const reader = new GroupReader(store, manifest.columns);
  const rows: Row[] = [];
  for (const group of groupsOf(manifest)) rows.push(...(await reader.read(group)));
  return rows;
}
async function storeWith(files: Readonly<Record<string, Uint8Array | string>>): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore();
  for (const [key, bytes] of Object.entries(files)) await store.put(`incoming/${key}`, Buffer.from(bytes));
  return store;
}

const LINES = '{"id":"a","price":12.90,"big":9007199254740993,"tags":["x",null],"at":"2026-11-02T10:00:00.000Z"}\n{"id":"b","price":1e2,"big":-5,"tags":[],"at":null}\n{"id":"c"}\n';
const ROWS = [
  { id: 'a', price: '12.90', big: 9_007_199_254_740_993n, tags: ['x', null], at: '2026-11-02T10:00:00.000Z' },
  { id: 'b', price: 100, big: -5, tags: [], at: null },
  { id: 'c' },
];

/** Two archives one behind the other, as `cat` makes of two files. */
function inTwo(pack: (text: string) => Buffer): Buffer {
  const half = LINES.indexOf('\n') + 1;
  return Buffer.concat([pack(LINES.slice(0, half)), pack(LINES.slice(half))]);
}

describe('lines of JSON', () => {
  it('are read row group by row group, every number exactly', async () => {
    const store = await storeWith({ 'dt=2026-11-03/x.ndjson': LINES, 'notes.txt': 'not data' });
    const manifest = await adopted(store);
    expect(manifest).toMatchObject({ engine: 'adopted', rows: 3, files: [{ format: 'ndjson', day: '2026-11-03', rowGroups: [{ rows: 2 }, { rows: 1 }] }] });
    expect(await rowsOf(store, manifest)).toEqual(ROWS);
    expect(await readManifest(store, KEYS, 'c1')).toEqual(manifest);
  });

  it.each([['gz', gzipSync(LINES)], ['zst', zstdCompressSync(LINES)], ['gz', inTwo(gzipSync)], ['zst', inTwo(zstdCompressSync)]])('are one row group where they are compressed (%s)', async (ending, bytes) => {
    const store = await storeWith({ [`x.jsonl.${ending}`]: bytes });
    const manifest = await adopted(store);
    expect(manifest.files).toMatchObject([{ day: '2026-11-02', rowGroups: [{ rows: 3, start: 0, end: bytes.length }] }]);
    expect(await rowsOf(store, manifest)).toEqual(ROWS);
  });

  it('that somebody is still writing are left out', async () => {
    const store = await storeWith({ 'x.ndjson': LINES, '_temporary/0/y.ndjson': LINES, '.z.ndjson': LINES });
    expect((await adopted(store)).files.map(({ key }) => key)).toEqual(['incoming/x.ndjson']);
  });

  it.each<[string, string, Uint8Array | string, RegExp]>([
    ['a line that is no JSON', 'x.ndjson', '{"id":"a"}\n{"id":\n', /incoming\/x\.ndjson cannot be read as ndjson: line 2 is no JSON/],
    ['a line that is no JSON, in a later row group', 'x.ndjson', '{}\n{}\n{}\n{\n', /line 4 is no JSON/],
    ['a line that is no object', 'x.ndjson', '[1]\n', /line 1 is no JSON object/],
    ['a cut archive', 'x.ndjson.gz', gzipSync(LINES).subarray(0, 30), /incoming\/x\.ndjson\.gz cannot be read as ndjson: unexpected end of file/],
    ['bytes that are no archive', 'x.ndjson.zst', 'plain', /incoming\/x\.ndjson\.zst cannot be read/],
    ['a cut Parquet file', 'x.parquet', 'PAR1abcPAR1', /incoming\/x\.parquet cannot be read as parquet/],
    ['a cut Arrow file', 'x.arrow', 'ARROW1', /incoming\/x\.arrow cannot be read as arrow/],
    ['a file that is too large', 'x.ndjson', 'x'.repeat(1_000_001), /incoming\/x\.ndjson has 1000001 bytes, more than/],
    ['no row at all', 'x.ndjson', '\n', /gave no row/],
  ])('are refused with %s, and nothing is committed', async (_, key, bytes, problem) => {
    const store = await storeWith({ [key]: bytes });
    await expect(adopted(store)).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(problem) as string });
    expect((await store.get(KEYS.manifest)).kind).toBe('absent');
  });
});

describe('an Arrow IPC file', () => {
  function table(): Table {
    const struct = new Struct([new Field('n', new Int32(), true)]);
    return new Table({
      id: vectorFromArray(['a', null, 'c'], new Utf8()),
      kind: vectorFromArray(['x', 'y', 'x'], new Dictionary(new Utf8(), new Int32())),
      big: vectorFromArray([9_007_199_254_740_993n, 5n, null], new Int64()),
      ratio: vectorFromArray([0.1, null, 2], new Float64()),
      yes: vectorFromArray([true, false, null], new Bool()),
      at: vectorFromArray([null, null, null], new TimestampMicrosecond()),
      tags: vectorFromArray([['p', 'q'], [], null], new List(new Field('item', new Utf8(), true))),
      inner: vectorFromArray([{ n: 1 }, { n: null }, null], struct),
    });
  }

  it('brings every type exactly, record batch by record batch', async () => {
    const store = await storeWith({ 'x.arrow': tableToIPC(table(), 'file') });
    const manifest = await adopted(store);
    expect(manifest).toMatchObject({ rows: 3, files: [{ format: 'arrow', rowGroups: [{ rows: 3 }] }] });
    expect(await rowsOf(store, manifest)).toEqual([
      { id: 'a', kind: 'x', big: 9_007_199_254_740_993n, ratio: 0.1, yes: true, at: null, tags: ['p', 'q'], inner: { n: 1 } },
      { id: null, kind: 'y', big: 5, ratio: null, yes: false, at: null, tags: [], inner: { n: null } },
      { id: 'c', kind: 'x', big: null, ratio: 2, yes: null, at: null, tags: null, inner: null },
    ]);
  });

  it('keeps microseconds and every digit of a decimal', async () => {
    const micros = makeData({ type: new TimestampMicrosecond(), length: 2, nullCount: 0, data: new BigInt64Array([1_793_614_272_123_456n, -1n]) });
    const decimals = makeData({ type: new Decimal(2, 20, 128), length: 2, nullCount: 0, data: new Uint32Array([5_345_600, 0, 0, 0, 0xff_ff_ff_fb, 0xff_ff_ff_ff, 0xff_ff_ff_ff, 0xff_ff_ff_ff]) });
    const days = makeData({ type: new DateDay(), length: 2, nullCount: 0, data: new Int32Array([20_759, 0]) });
    const schema = new Schema([new Field('at', micros.type), new Field('price', decimals.type), new Field('day', days.type)]);
    const batch = new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: 2, nullCount: 0, children: [micros, decimals, days] }));
    const store = await storeWith({ 'x.arrow': tableToIPC(new Table([batch, batch]), 'file') });
    const manifest = await adopted(store);
    expect(manifest.files[0]?.rowGroups).toHaveLength(2);
    const once = [{ at: 1_793_614_272_123_456n, price: '53456.00', day: '2026-11-02' }, { at: -1n, price: '-0.05', day: '1970-01-01' }];
    expect(await rowsOf(store, manifest)).toEqual([...once, ...once]);
  });

  it('that was damaged is refused, with its record batch', async () => {
    const store = await storeWith({ 'x.arrow': tableToIPC(table(), 'file') });
    const manifest = await adopted(store);
    const bytes = store.objects.get('incoming/x.arrow') as Buffer;
    const at = (manifest.files[0]?.rowGroups[0]?.end ?? 0) - 10;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    const file = manifest.files[0]!;
    for await (const { key, etag } of store.list('incoming/')) if (key === file.key) file.etag = etag;
    await expect(rowsOf(store, manifest)).rejects.toThrow(/row group 0 of incoming\/x\.arrow: its checksum/);
  });
});
