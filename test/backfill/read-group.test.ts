import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decimalText } from '../../src/backfill/exact-values.ts';
import { jsonBytes } from '../../src/backfill/convert.ts';
import { groupsOf, type Manifest } from '../../src/backfill/manifest.ts';
import { factsOf } from '../../src/backfill/parquet-facts.ts';
import { GroupReader } from '../../src/backfill/read-group.ts';
import type { Row } from '../../src/backfill/case.ts';
import { exactly } from '../../src/warehouse/store-buffer.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { withEngine } from './workbench.ts';

/** What DuckDB makes of a query, put into a store and described as an extract is. */
async function extracted(query: string, rowGroupRows = 2_048): Promise<{ store: MemoryObjectStore; manifest: Pick<Manifest, 'columns' | 'files'> }> {
  const bytes = await withEngine(async (engine, scratch) => {
    const path = join(scratch, 'x.parquet');
    await engine.run(`COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`);
    return readFileSync(path);
  });
  const store = new MemoryObjectStore();
  const { etag } = (await store.put('x.parquet', bytes)) as { etag: string };
  const buffer = exactly(bytes);
  const { columns, rows, rowGroups } = await factsOf({ byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) });
  return { store, manifest: { columns: [...columns], files: [{ key: 'x.parquet', format: 'parquet', day: '2026-11-02', bytes: bytes.length, etag, sha256: '0'.repeat(64), rows, rowGroups }] } };
}

async function rowsOf({ store, manifest }: Awaited<ReturnType<typeof extracted>>): Promise<Row[]> {
  const reader = new GroupReader(store, manifest.columns);
  const rows: Row[] = [];
  for (const group of groupsOf(manifest as Manifest)) rows.push(...(await reader.read(group)));
  return rows;
}

/** SQL of a value and what must arrive. */
const VALUES: readonly [name: string, sql: string, arrives: unknown][] = [
  ['a small decimal', '534.56::DECIMAL(9,2)', '534.56'],
  ['a decimal of 18 digits', '-1234567890123456.78::DECIMAL(18,2)', '-1234567890123456.78'],
  ['a decimal of 38 digits', '-12345678901234567890123456789012345.678::DECIMAL(38,3)', '-12345678901234567890123456789012345.678'],
  ['a decimal without places', '42::DECIMAL(5,0)', '42'],
  ['a decimal below one', '-0.05::DECIMAL(9,2)', '-0.05'],
  ['an integer', '2147483647::INTEGER', 2_147_483_647],
  ['a small integer', '(-128)::TINYINT', -128],
  ['a long', '1793577600000::BIGINT', 1_793_577_600_000],
  ['a long beyond 2^53', '9007199254740993::BIGINT', 9_007_199_254_740_993n],
  ['an unsigned long', '18446744073709551615::UBIGINT', 18_446_744_073_709_551_615n],
  ['a timestamp with microseconds', "TIMESTAMP '2026-11-02 10:11:12.123456'", 1_793_614_272_123_456n],
  ['a timestamp before 1970', "TIMESTAMP '1969-12-31 23:59:59.999999'", -1n],
  ['a timestamp in milliseconds', "TIMESTAMP_MS '2026-11-02 10:11:12.123'", 1_793_614_272_123_000n],
  ['a date', "DATE '2026-11-02'", '2026-11-02'],
  ['text', "'Lladró 🏺 \"quoted\"'", 'Lladró 🏺 "quoted"'],
  ['bytes', "'\\x00\\xFF'::BLOB", new Uint8Array([0, 255])],
  ['a boolean', 'true', true],
  ['a double', '0.1::DOUBLE', 0.1],
  ['a list', '[1::BIGINT, NULL, 9007199254740993::BIGINT]', [1, null, 9_007_199_254_740_993n]],
  ['a list of decimals', '[1.10::DECIMAL(9,2), 2.20::DECIMAL(9,2)]', ['1.10', '2.20']],
  ['a list of lists', "[['a'], [], ['b', 'c']]", [['a'], [], ['b', 'c']]],
  ['a struct', "{'amount': 1.05::DECIMAL(9,2), 'at': TIMESTAMP '2026-11-02 00:00:00', 'n': NULL::INTEGER}", { amount: '1.05', at: 1_793_577_600_000_000n, n: null }],
  ['a list of structs', "[{'p': 1.05::DECIMAL(9,2)}, {'p': NULL}]", [{ p: '1.05' }, { p: null }]],
  ['a map', "MAP {'a': 1.05::DECIMAL(9,2), 'b': NULL}", { a: '1.05', b: null }],
  ['an empty list', '[]::INTEGER[]', []],
];

describe('a value from an extract', () => {
  it.each(VALUES)('%s arrives right, and so does null beside it', async (_, sql, arrives) => {
    const rows = await rowsOf(await extracted(`SELECT ${sql} AS v UNION ALL SELECT NULL`));
    expect(rows).toEqual([{ v: arrives }, { v: null }]);
  });

  it('arrives right from a dictionary, too', async () => {
    const rows = await rowsOf(await extracted("SELECT (i % 3 + 0.15)::DECIMAL(9,2) AS d, CASE WHEN i % 2 = 0 THEN 'even' END AS s FROM range(3000) t(i)"));
    expect(rows).toHaveLength(3_000);
    expect(rows.slice(0, 3)).toEqual([{ d: '0.15', s: 'even' }, { d: '1.15', s: null }, { d: '2.15', s: 'even' }]);
    expect(rows[2_999]).toEqual({ d: '2.15', s: null });
  });

  it('keeps every digit in JSON', () => {
    expect(jsonBytes({ big: 9_007_199_254_740_993n, list: [1n] }).toString()).toBe('{"big":9007199254740993,"list":[1]}');
    expect(decimalText(-5n, 3)).toBe('-0.005');
  });
});

describe('a row group', () => {
  const query = "SELECT i AS n, 'row ' || i AS s FROM range(5000) t(i)";

  it('is read alone, with one request for its bytes', async () => {
    const { store, manifest } = await extracted(query);
    const reads: [number, number][] = [];
    const get = store.get.bind(store);
    store.get = (key, options) => { if (options?.range !== undefined) reads.push([options.range.start, options.range.end]); return get(key, options); };
    const groups = groupsOf(manifest as Manifest);
    expect(groups.length).toBeGreaterThan(1);
    const [, second] = groups;
    const rows = await new GroupReader(store, manifest.columns).read(second!);
    expect(rows.at(0)).toEqual({ n: 2_048, s: 'row 2048' });
    expect(reads.filter(([start, end]) => start === second?.start && end === second?.end)).toHaveLength(1);
  });

  it.each<[string, (bytes: Buffer, manifest: Manifest) => void, RegExp]>([
    ['damaged bytes', (bytes, { files }) => { const at = files[0]!.rowGroups[1]!.start + 5; bytes[at] = (bytes[at] ?? 0) ^ 0xff; }, /row group 1 of x\.parquet: its checksum/],
    ['a checksum of other bytes', (_, { files }) => { files[0]!.rowGroups[1]!.sha256 = 'f'.repeat(64); }, /row group 1 of x\.parquet: its checksum/],
    ['a count of other rows', (_, { files }) => { files[0]!.rowGroups[0]!.rows -= 1; }, /row group \d of x\.parquet/],
    ['other columns', (_, { columns }) => { columns[0]!.type = 'INT32'; }, /x\.parquet has other columns/],
  ])('with %s is refused, and named', async (_, spoil, problem) => {
    const { store, manifest } = await extracted(query);
    spoil(store.objects.get('x.parquet')!, manifest as Manifest);
    const etags = new Map<string, string>();
    for await (const { key, etag } of store.list('')) etags.set(key, etag);
    for (const file of manifest.files) file.etag = etags.get(file.key) ?? ''; // the store itself noticed nothing
    await expect(rowsOf({ store, manifest })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(problem) as string });
  });

  it('of a file that was written anew, cut, or removed is refused', async () => {
    const { store, manifest } = await extracted(query);
    const reader = new GroupReader(store, manifest.columns);
    const [first, second] = groupsOf(manifest as Manifest);
    await reader.read(first!);
    await store.put('x.parquet', store.objects.get('x.parquet')!.subarray(0, 1_000));
    await expect(reader.read(second!)).rejects.toThrow(/row group 1 of x\.parquet: the file was changed/);
    await store.remove('x.parquet');
    await expect(reader.read(second!)).rejects.toThrow(/row group 1 of x\.parquet: the file is gone/);
    await expect(new GroupReader(store, manifest.columns).read(first!)).rejects.toThrow(/x\.parquet is gone/);
  });
});
