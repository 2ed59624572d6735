import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from '../../backfill/index.ts';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { connectObjectStore } from '../../src/adapters/object-store/s3.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { BackfillCase, Row } from '../../src/backfill/case.ts';
import { jsonBytes } from '../../src/backfill/convert.ts';
import { extractElsewhere } from '../../src/backfill/extract-elsewhere.ts';
import { groupsOf, type Manifest } from '../../src/backfill/manifest.ts';
import { GroupReader } from '../../src/backfill/read-group.ts';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { openSpark } from '../../src/main/spark.ts';
import type { ExtractEngine } from '../../src/ports/extract-engine.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { localFiles } from '../../src/warehouse/files.ts';
import { expectedDocuments, loadOf, NEVER, planned, prepared, warehouse, type Prepared } from '../backfill/workbench.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { objectStoreSettingsOf, testEndpoints, uniquePrefix } from '../support/stack.ts';

const ROW_GROUP_ROWS = 2_048;
const MOST_FILE_BYTES = 64 * 1024 * 1024;

/** A value as Spark SQL writes it, and what must arrive: the same as from DuckDB. */
const VALUES: readonly [name: string, sql: string, arrives: unknown][] = [
  ['small_decimal', "CAST('534.56' AS DECIMAL(9,2))", '534.56'],
  ['decimal_of_18', "CAST('-1234567890123456.78' AS DECIMAL(18,2))", '-1234567890123456.78'],
  ['decimal_of_38', "CAST('-12345678901234567890123456789012345.678' AS DECIMAL(38,3))", '-12345678901234567890123456789012345.678'],
  ['decimal_below_one', "CAST('-0.05' AS DECIMAL(9,2))", '-0.05'],
  ['decimal_without_places', "CAST('42' AS DECIMAL(5,0))", '42'],
  ['integer', '2147483647', 2_147_483_647],
  ['small_integer', 'CAST(-128 AS TINYINT)', -128],
  ['long_number', '1793577600000L', 1_793_577_600_000],
  ['long_beyond', '9007199254740993L', 9_007_199_254_740_993n],
  ['micros', "TIMESTAMP '2026-11-02 10:11:12.123456'", 1_793_614_272_123_456n],
  ['micros_without_zone', "TIMESTAMP_NTZ '2026-11-02 10:11:12.123456'", 1_793_614_272_123_456n],
  ['before_1970', "TIMESTAMP '1969-12-31 23:59:59.999999'", -1n],
  ['date_value', "DATE '2026-11-02'", '2026-11-02'],
  ['text', "'Lladró 🏺 \"quoted\"'", 'Lladró 🏺 "quoted"'],
  ['bytes', "X'00FF'", new Uint8Array([0, 255])],
  ['boolean_value', 'true', true],
  ['double_value', '0.1D', 0.1],
  ['list', 'array(1L, NULL, 9007199254740993L)', [1, null, 9_007_199_254_740_993n]],
  ['list_of_decimals', "array(CAST('1.10' AS DECIMAL(9,2)), CAST('2.20' AS DECIMAL(9,2)))", ['1.10', '2.20']],
  ['list_of_lists', "array(array('a'), CAST(array() AS ARRAY<STRING>), array('b', 'c'))", [['a'], [], ['b', 'c']]],
  ['struct_value', "named_struct('amount', CAST('1.05' AS DECIMAL(9,2)), 'at', TIMESTAMP '2026-11-02 00:00:00', 'n', CAST(NULL AS INT))", { amount: '1.05', at: 1_793_577_600_000_000n, n: null }],
  ['list_of_structs', "array(named_struct('p', CAST('1.05' AS DECIMAL(9,2))), named_struct('p', CAST(NULL AS DECIMAL(9,2))))", [{ p: '1.05' }, { p: null }]],
  ['map_value', "map('a', CAST('1.05' AS DECIMAL(9,2)), 'b', NULL)", { a: '1.05', b: null }],
  ['empty_list', 'CAST(array() AS ARRAY<INT>)', []],
];

describe('an extract by Spark', () => {
  let folder: string;
  let scratch: string;
  let store: ObjectStore;
  let engine: ExtractEngine;

  beforeAll(async () => {
    folder = await warehouse();
    scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    const prefix = `${uniquePrefix()}/`;
    const { objectStore, regions } = await testEndpoints();
    store = connectObjectStore({ ...(await objectStoreSettingsOf()), prefix });
    const config = {
      ...configSchema.shape.backfill.parse({}), rowGroupRows: ROW_GROUP_ROWS,
    };
    engine = await openSpark({ regions, backfill: config, warehouse: { directory: folder, prefix: 'warehouse/' }, objectStore: configSchema.shape.objectStore.parse({ ...objectStore, prefix }) } as unknown as Config, { scratch, report: (text) => void process.stdout.write(`${text}\n`) });
  });
  afterAll(async () => {
    for await (const { key } of store.list('')) await store.remove(key);
    await store.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function rowsOf(manifest: Manifest): Promise<Row[]> {
    const reader = new GroupReader(store, manifest.columns);
    const rows: Row[] = [];
    for (const group of groupsOf(manifest)) rows.push(...(await reader.read(group)));
    return rows;
  }
  async function bySpark(one: BackfillCase, cycle: string): Promise<Prepared> {
    const { plan, keys } = await planned(store, localFiles(folder), { case: one, cycle });
    const manifest = await extractElsewhere(plan, one, { store, keys, clock: systemClock, groupRows: ROW_GROUP_ROWS, attempt: 'a1', mostFileBytes: MOST_FILE_BYTES, engine }, NEVER);
    return { plan, keys, manifest };
  }
  const sorted = (rows: readonly Row[]): string[] => rows.map((row) => jsonBytes(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).toString()).sort();

  it.each(cases)('$name gives the same rows as by DuckDB', async (one) => {
    const { manifest: spark } = await bySpark(one, `${one.name}-spark`);
    const duckDb = (await prepared(store, folder, { case: one, cycle: `${one.name}-duckdb` })).manifest;
    expect([spark.engine, duckDb.engine]).toEqual(['spark', 'duckdb']);
    expect(spark.rows).toBeGreaterThan(100);
    expect(sorted(await rowsOf(spark))).toEqual(sorted(await rowsOf(duckDb)));
    for (const group of groupsOf(spark)) expect(group.rows).toBeLessThanOrEqual(ROW_GROUP_ROWS);
  });

  it('is loaded, and its documents are what the story asks for', async () => {
    const made = await bySpark(missedEvents, 'loaded');
    const search = new MemorySearch();
    const load = await loadOf(store, made, search, { settings: { leaseMs: 5_000 } });
    expect(await load.run(NEVER)).toBe('done');
    const expected = await expectedDocuments();
    expect(load.status().counts).toMatchObject({ applied: expected.size, rejected: 0, refused: 0 });
    for (const { id, version, source, index } of expected.values()) expect(search.document(index, id)).toMatchObject({ version, source });
  });

  it('brings every type exactly, and null beside it', async () => {
    const [one] = cases as [BackfillCase];
    const columns = VALUES.map(([name, sql]) => `IF(n = 0, ${sql}, NULL) AS ${name}`);
    const sql = `SELECT n, ${columns.join(',\n')} FROM (SELECT explode(array(0, 1)) AS n FROM (SELECT 1 FROM ${one.dated} LIMIT 1))`;
    const { plan, keys } = await planned(store, localFiles(folder), { case: one, cycle: 'types' });
    const day = { day: plan.days[0]?.day ?? '', folder: keys.data('types', `dt=${plan.days[0]?.day}/`) };
    const typed: ExtractEngine = { name: 'spark', run: (job, signal) => engine.run({ ...job, sql, days: [day] }, signal) };
    const manifest = await extractElsewhere({ ...plan, days: plan.days.slice(0, 1) }, one, { store, keys, clock: systemClock, groupRows: ROW_GROUP_ROWS, attempt: 'types', mostFileBytes: MOST_FILE_BYTES, engine: typed }, NEVER);
    expect(manifest.columns.map(({ type }) => type)).not.toContain('INT96');
    const rows = await rowsOf(manifest);
    const [full, empty] = [rows.find(({ n }) => n === 0), rows.find(({ n }) => n === 1)];
    for (const [name, , arrives] of VALUES) expect([name, full?.[name], empty?.[name]]).toEqual([name, arrives, null]);
  });

  it('says what is wrong with a query, and commits nothing', async () => {
    const [one] = cases as [BackfillCase];
    const { plan, keys } = await planned(store, localFiles(folder), { case: one, cycle: 'broken' });
    const broken: ExtractEngine = { name: 'spark', run: (job, signal) => engine.run({ ...job, sql: 'SELECT nothing_of_the_kind FROM sold_items' }, signal) };
    await expect(extractElsewhere(plan, one, { store, keys, clock: systemClock, groupRows: ROW_GROUP_ROWS, attempt: 'a1', mostFileBytes: MOST_FILE_BYTES, engine: broken }, NEVER)).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('nothing_of_the_kind') as string });
    expect((await store.get(keys.manifest)).kind).toBe('absent');
  });
});
