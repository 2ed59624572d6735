import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { retailSales } from '../../pipelines/retail-sales/pipeline.ts';
import { readRecords } from '../../src/inputs/replay/read-records.ts';
import { COLUMNS } from '../../src/inputs/retail-sales/line.ts';
import { differencesOf } from '../../src/proof/differences.ts';
import { expectedRetailSales } from '../../src/proof/expected-retail-sales.ts';
import type { ExpectedRetailSales } from '../../src/proof/expected-retail-sales.ts';
import { documentOf, hold } from '../pipelines/apply.ts';
import type { Held } from '../pipelines/apply.ts';

const WHOLE_FILE_MS = 900_000;
const REAL = join(import.meta.dirname, '../../../shared/data');
const realFiles = existsSync(REAL) ? readdirSync(REAL).filter((name) => name.endsWith('.csv.gz')).sort().map((name) => join(REAL, name)) : [];
if (realFiles.length === 0) console.warn('skipped: the real sales file, since ../shared/data is absent');

/** The pipeline's documents for the files, applied by version. */
async function indexed(files: readonly string[]): Promise<{ index: Map<string, Held>; records: number; refused: number }> {
  const index = new Map<string, Held>();
  let records = 0;
  let refused = 0;
  for await (const { payload } of readRecords({ pipeline: 'retail-sales', paths: files, stdin: process.stdin })) {
    records += 1;
    const decoded = retailSales.decode(payload);
    if (!decoded.ok) {
      refused += 1;
      continue;
    }
    const { id, held } = documentOf(retailSales, decoded.event, {});
    hold(index, id, held);
  }
  return { index, records, refused };
}

/** Differences of ids, versions, indices and fields; the first few. */
async function differences(expected: ExpectedRetailSales, index: ReadonlyMap<string, Held>): Promise<unknown[]> {
  const left = new Set(index.keys());
  const found: unknown[] = [];
  for (const period of expected.periods) {
    for await (const { id, version, source } of expected.documents(period)) {
      left.delete(id);
      const wanted = { index: `retail-sales-${period}`, version, source };
      found.push(...differencesOf(id, '', wanted, index.get(id)).slice(0, 20));
    }
  }
  return [...found, ...[...left].map((id) => ({ id, unexpected: true }))].slice(0, 20);
}

describe.runIf(realFiles.length > 0)('the real sales lines', () => {
  test('become the documents that plain SQL expects: every id, version and field', { timeout: WHOLE_FILE_MS }, async () => {
    const expected = await expectedRetailSales(realFiles);
    try {
      const { index, records, refused } = await indexed(realFiles);
      expect(records).toBe(expected.lines);
      expect(refused).toBe(expected.refused);
      expect(await differences(expected, index)).toStrictEqual([]);
      expect(index.size).toBe(expected.total);
      expect(expected.total + expected.duplicates + expected.matchedCancellations + expected.refused).toBe(expected.lines);
      expect(expected.matchedCancellations).toBeGreaterThan(expected.unmatchedCancellations);
      console.info(`real sales: ${JSON.stringify({ ...expected, documents: undefined, close: undefined })}`);
    } finally {
      expected.close();
    }
  });
});

const folder = mkdtempSync(join(tmpdir(), 'sluice-proof-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Small shops with everything that is odd in the real one, and some that is worse. */
const oddLine = fc.record({
  InvoiceNo: fc.constantFrom('500001', '500002', '500003', 'C500004', 'C500005', 'C500006', 'A500007', 'x1'),
  StockCode: fc.constantFrom('20725', '20725', '22041a', 'POST', 'D', 'm', 'S', 'gift_0001_40', 'PADS', 'B', 'TEST001', ''),
  Description: fc.constantFrom('LUNCH BAG', 'a "quoted", bag', '', 'sac à goûter £5'),
  Quantity: fc.constantFrom('1', '2', '3', '6', '-1', '-2', '-3', '0', '-0', '1.5', ''),
  UnitPrice: fc.constantFrom('1.65', '1.65', '0.0', '2.1', '2.10', '0.001', '-11062.06', '1e3', '', '0.1234567'),
  CustomerID: fc.constantFrom('17850', '17850', '17850', '12346', ''),
  Country: fc.constantFrom('France', 'EIRE', ''),
});
/** A customer who buys and cancels one product all the time, so that cancellations have sales to choose from. */
const plainLine = fc.record({
  InvoiceNo: fc.constantFrom('500001', '500002', '500003', '500008', '500009', 'C500004', 'C500005', 'C500006'),
  StockCode: fc.constantFrom('20725', '20725', '20725', 'POST'),
  Description: fc.constant('LUNCH BAG'),
  Quantity: fc.integer({ min: 1, max: 5 }),
  UnitPrice: fc.constantFrom('1.65', '1.65', '2.1'),
  CustomerID: fc.constant('17850'),
  Country: fc.constant('France'),
}).map((line) => ({ ...line, Quantity: String(line.InvoiceNo.startsWith('C') ? -line.Quantity : line.Quantity) }));
const oddFile = fc.array(fc.oneof({ weight: 1, arbitrary: oddLine }, { weight: 3, arbitrary: plainLine }), { minLength: 1, maxLength: 60 }).map((lines) => lines.map((line, at) => ({
  ...line, InvoiceDate: at % 17 === 16 ? '2011-02-30T10:00:00Z' : new Date(Date.UTC(2011, 0, 31, 20) + Math.floor(at / 2) * 1_800_000).toISOString().replace('.000', ''),
})));

function csvOf(lines: readonly Readonly<Record<string, string>>[]): string {
  const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [COLUMNS.join(','), ...lines.map((line) => COLUMNS.map((column) => quoted(line[column] ?? '')).join(','))].join('\n') + '\n';
}

test('any shop becomes the documents that plain SQL expects', { timeout: WHOLE_FILE_MS }, async () => {
  const file = join(folder, 'shop.csv');
  await fc.assert(fc.asyncProperty(oddFile, async (lines) => {
    writeFileSync(file, csvOf(lines));
    const expected = await expectedRetailSales([file]);
    try {
      const { index, refused } = await indexed([file]);
      expect(await differences(expected, index)).toStrictEqual([]);
      expect(refused).toBe(expected.refused);
    } finally {
      expected.close();
    }
  }), { numRuns: 40 });
});

test('so many lines of several files can be expected', async () => {
  const files = ['first.csv', 'second.csv'].map((name) => join(folder, name));
  const line = { InvoiceNo: '500001', StockCode: '20725', Description: 'LUNCH BAG', Quantity: '6', InvoiceDate: '2011-01-04T10:00:00Z', UnitPrice: '1.65', CustomerID: '17850', Country: 'France' };
  files.forEach((file, at) => writeFileSync(file, csvOf([{ ...line, Quantity: String(at * 2 + 1) }, { ...line, Quantity: String(at * 2 + 2) }])));
  const expected = await expectedRetailSales(files, 3);
  const ids: string[] = [];
  for await (const { id } of expected.documents('2011.01')) ids.push(id);
  expected.close();
  expect(ids.sort()).toStrictEqual(['20725-500001', '20725-500001-2', '20725-500001-3']);
});
