import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/adapters/duckdb/open.ts';
import { generate, type Truth } from '../../src/inputs/generate/generate.ts';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import type { TableEngine } from '../../src/ports/table-engine.ts';
import { seedWarehouse } from '../../src/warehouse/seed.ts';
import { uploadFolder } from '../../src/warehouse/upload.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { tempFolder } from '../support/temp-folder.ts';

const STORY = { count: 1_500, seed: 3, perDay: 200 };
const NEVER = new AbortController().signal;
let engine: TableEngine;
afterEach(() => engine.close());

async function seeded(extra: { sales?: string } = {}): Promise<string> {
  const folder = tempFolder();
  engine = await openDuckDb({ threads: 1, memoryLimit: '256MB', spillFolder: join(folder, 'spill') });
  await seedWarehouse(engine, { ...STORY, ...extra, reference: OWN_REFERENCE, target: join(folder, 'warehouse'), scratch: join(folder, 'scratch') }, NEVER);
  return join(folder, 'warehouse');
}

function tableOf(folder: string, name: string): string {
  return `read_parquet('${folder}/${name}/*/*.parquet', hive_partitioning = true, hive_types = {dt: VARCHAR})`;
}

/** The newest event of every document of a pipeline, from the generator alone. */
async function newest(pipeline: string): Promise<Map<string, Truth>> {
  const states = new Map<string, Truth>();
  for (const record of generate(await readReferenceIds(OWN_REFERENCE), STORY)) {
    if (record.pipeline !== pipeline || (states.get(record.truth.id)?.version ?? -1) >= record.truth.version) continue;
    states.set(record.truth.id, record.truth);
  }
  return states;
}

describe('a seeded warehouse', () => {
  it('holds the newest state of every sale, exact to the cent and the millisecond, by the day of the sale', async () => {
    const folder = await seeded();
    const expected = await newest('sold-items');
    const rows = await engine.rows(`SELECT listing_id || '-' || transaction_id AS id, epoch_ms(updated_at) AS version, deleted, CAST(price AS VARCHAR) AS price, status, dt, strftime(sold_at, '%Y-%m-%d') AS day FROM ${tableOf(folder, 'sold_items')}`);
    expect(rows).toHaveLength(expected.size);
    for (const row of rows) {
      const truth = expected.get(String(row['id']));
      expect(truth).toBeDefined();
      expect(Number(row['version'])).toBe(truth?.version);
      expect(row['deleted']).toBe(truth?.event['deleted'] === true);
      expect(row['dt']).toBe(row['day']);
      if (truth?.event['deleted'] !== true) expect(Number(String(row['price']).replace('.', ''))).toBe(truth?.event['priceCents']);
    }
  });

  it('holds listings that closed, and the sellers and categories that they name', async () => {
    const folder = await seeded();
    const [closed] = await engine.rows(`SELECT count(*)::INTEGER AS n FROM ${tableOf(folder, 'closed_listings')}`);
    expect(closed?.['n']).toBe((await newest('closed-listings')).size);
    const [orphans] = await engine.rows(`SELECT count(*)::INTEGER AS n FROM ${tableOf(folder, 'closed_listings')} l WHERE NOT deleted AND (
      seller_id NOT IN (SELECT seller_id FROM ${tableOf(folder, 'sellers')}) OR category_id NOT IN (SELECT category_id FROM ${tableOf(folder, 'categories')}))`);
    expect(orphans?.['n']).toBe(0);
  });

  it('takes sales lines of a file, and replaces what was there before', async () => {
    const csv = join(tempFolder({ 'sales.csv': 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n1,A,"a, b",2,2010-12-01T08:26:00Z,2.55,17850,United Kingdom\n2,B,x,many,2010-12-01T08:26:00Z,1,,\n' }), 'sales.csv');
    const folder = await seeded({ sales: csv });
    expect(await engine.rows(`SELECT description, quantity::INTEGER AS quantity, CAST(unit_price AS VARCHAR) AS unit_price, dt FROM ${tableOf(folder, 'sales_lines')}`)).toEqual([{ description: 'a, b', quantity: 2, unit_price: '2.550000', dt: '2010-12-01' }]);
    expect(existsSync(join(folder, 'sales_lines/dt=2010-12-01'))).toBe(true);
  });

  it('uploads its files, and removes those of an earlier seeding', async () => {
    const store = new MemoryObjectStore();
    await store.put('warehouse/sellers/dt=2020-01-01/old.parquet', Buffer.from('x'));
    await store.put('warehouse/other/kept.parquet', Buffer.from('x'));
    const { files } = await uploadFolder(await seeded(), 'warehouse/', store, NEVER);
    expect(store.objects.has('warehouse/sellers/dt=2020-01-01/old.parquet')).toBe(false);
    expect(store.objects.has('warehouse/other/kept.parquet')).toBe(true);
    expect(store.objects.size).toBe(files + 1);
  });
});
