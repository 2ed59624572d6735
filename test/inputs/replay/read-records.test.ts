import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { InputRecord } from '../../../src/inputs/record.ts';
import { linesOf, MAX_LINE_BYTES } from '../../../src/inputs/replay/lines.ts';
import { readRecords } from '../../../src/inputs/replay/read-records.ts';
import type { ReplayInput } from '../../../src/inputs/replay/read-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-replay-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, bytes: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(input: Partial<ReplayInput>): Promise<InputRecord[]> {
  const records: InputRecord[] = [];
  for await (const record of readRecords({ pipeline: 'sold-items', paths: ['-'], stdin: Readable.from([]), keyField: 'listingId', ...input })) records.push(record);
  return records;
}

async function payloads(input: Partial<ReplayInput>): Promise<string[]> {
  return (await read(input)).map(({ payload }) => payload.toString());
}

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const CSV = `${HEADER}
536365,85123A,"HOLDER, ""WHITE""",6,2010-12-01T08:26:00Z,2.55,17850,United Kingdom
C536379,85123A,"HOLDER, ""WHITE""",-6,2010-12-01T09:41:00Z,2.55,17850,United Kingdom
`;
const NDJSON = '{"listingId":"1","updatedAt":5}\n\n{"listingId":2,"updatedAt":"2026-11-02T00:00:00Z"}\n{broken\n';

async function duckdb(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

describe('the format is known by the bytes', () => {
  test.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzip', (text: string) => gzipSync(text)],
    ['gzip in two members', (text: string) => Buffer.concat([gzipSync(text.slice(0, 50)), gzipSync(text.slice(50))])],
    ['zstd', (text: string) => zstdCompressSync(text)],
  ])('%s, from a file and from standard input', async (name, packed) => {
    for (const [format, text, pipeline] of [['csv', CSV, 'retail-sales'], ['ndjson', NDJSON, 'sold-items']] as const) {
      const bytes = packed(text);
      const plain = await payloads({ pipeline, stdin: Readable.from([Buffer.from(text)]) });
      expect(plain.length).toBe(format === 'csv' ? 2 : 3);
      expect(await payloads({ pipeline, paths: [written(`${name}.${format}`, bytes)] })).toStrictEqual(plain);
      expect(await payloads({ pipeline, stdin: Readable.from([...bytes].map((byte) => Buffer.from([byte]))) })).toStrictEqual(plain);
    }
  });
});

describe('a byte order mark', () => {
  const MARK = '\uFEFF';
  test.each([
    ['NDJSON', NDJSON, 'sold-items', undefined],
    ['NDJSON that is said to be such', NDJSON, 'sold-items', 'ndjson'],
    ['CSV', CSV, 'retail-sales', undefined],
    ['CSV whose first name is quoted', CSV.replace('InvoiceNo', '"InvoiceNo"'), 'retail-sales', 'csv'],
    ['CSV of another pipeline', 'listingId,title\n1,a\n', 'sold-items', undefined],
    ['nothing', '', 'sold-items', undefined],
  ] as const)('before %s is no part of it', async (_, text, pipeline, format) => {
    const expected = await read({ pipeline, format, stdin: Readable.from(text === '' ? [] : [Buffer.from(text)]) });
    const marked = Buffer.from(`${MARK}${text}`);
    expect(await read({ pipeline, format, paths: [written('marked', marked)] })).toStrictEqual(expected);
    expect(await read({ pipeline, format, paths: [written('marked.gz', gzipSync(marked))] })).toStrictEqual(expected);
    expect(await read({ pipeline, format, stdin: Readable.from([...marked].map((byte) => Buffer.from([byte]))) })).toStrictEqual(expected);
  });
});

describe('NDJSON', () => {
  test('goes as it is, with key and time from its fields', async () => {
    const records = await read({ stdin: Readable.from([Buffer.from(NDJSON)]), timeField: 'updatedAt' });
    expect(records).toStrictEqual([
      { pipeline: 'sold-items', payload: Buffer.from('{"listingId":"1","updatedAt":5}'), key: Buffer.from('1'), timestamp: 5 },
      { pipeline: 'sold-items', payload: Buffer.from('{"listingId":2,"updatedAt":"2026-11-02T00:00:00Z"}'), key: Buffer.from('2'), timestamp: Date.UTC(2026, 10, 2) },
      { pipeline: 'sold-items', payload: Buffer.from('{broken'), key: null, timestamp: null },
    ]);
  });

  test('keeps bytes that are no UTF-8', async () => {
    const line = Buffer.from([0x7b, 0xff, 0x7d]);
    const [record] = await read({ stdin: Readable.from([line]), format: 'ndjson' });
    expect(record?.payload).toStrictEqual(line);
  });

  test('lines are whole however the bytes are cut', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string()), fc.array(fc.integer({ min: 1, max: 9 })), async (texts, cuts) => {
      const lines = texts.map((text) => text.replaceAll('\n', ' ')).filter((text) => text !== '');
      const chunks = cutUp(Buffer.from(lines.join('\n')), cuts);
      const found: string[] = [];
      for await (const line of linesOf(Readable.from(chunks))) found.push(line.toString());
      expect(found).toStrictEqual(lines);
    }));
  });

  test('a line without end is refused before it fills the memory', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    const endless = Readable.from((function* () { for (;;) yield chunk; })());
    await expect((async () => { for await (const line of linesOf(endless)) expect(line.length).toBe(0); })()).rejects.toThrow(`longer than ${MAX_LINE_BYTES} bytes`);
  });
});

function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % Math.max(1, sizes.length)] ?? bytes.length;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe('sales lines', () => {
  test('carry what was found out about them, and are keyed by their document', async () => {
    const records = await read({ pipeline: 'retail-sales', stdin: Readable.from([Buffer.from(CSV)]) });
    expect(records.map(({ key }) => key?.toString())).toStrictEqual(['85123A-536365', '85123A-536365']);
    expect(records[1]?.timestamp).toBe(Date.UTC(2010, 11, 1, 9, 41));
    expect(JSON.parse(records[1]?.payload.toString() ?? '')).toMatchObject({ InvoiceNo: 'C536379', Description: 'HOLDER, "WHITE"', Line: 2, Answers: { Sale: { InvoiceNo: '536365', Line: 1 } } });
  });

  test('several files are read as one', async () => {
    const [head = '', first = '', second = ''] = CSV.trimEnd().split('\n');
    const paths = [written('a.csv', `${head}\n${first}\n`), written('b.csv.gz', gzipSync(`${head}\n${second}\n`))];
    expect(await payloads({ pipeline: 'retail-sales', paths })).toStrictEqual(await payloads({ pipeline: 'retail-sales', paths: [written('ab.csv', CSV)] }));
  });

  test('a short line costs itself alone', async () => {
    const lines = `${HEADER}\n536365,85123A\n${CSV.split('\n')[1] ?? ''}\n`;
    expect((await payloads({ pipeline: 'retail-sales', stdin: Readable.from([Buffer.from(lines)]) })).length).toBe(2);
  });

  test('another table is refused', async () => {
    await expect(payloads({ pipeline: 'retail-sales', stdin: Readable.from([Buffer.from('a,b\n1,2\n')]) })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('Parquet', () => {
  test('gives the rows that the same CSV gives, in any type', async () => {
    const csv = written('sales.csv', CSV);
    const texts = join(folder, 'texts.parquet');
    const typed = join(folder, 'typed.parquet');
    await duckdb(`COPY (SELECT * FROM read_csv('${csv}', all_varchar = true)) TO '${texts}' (FORMAT parquet, COMPRESSION zstd)`);
    await duckdb(`COPY (SELECT InvoiceNo, StockCode, Description, Quantity::INTEGER AS Quantity, InvoiceDate::TIMESTAMP AS InvoiceDate, UnitPrice::DECIMAL(10, 2) AS UnitPrice, CustomerID::BIGINT AS CustomerID, Country FROM read_csv('${csv}', all_varchar = true)) TO '${typed}' (FORMAT parquet, COMPRESSION snappy)`);
    const expected = await payloads({ pipeline: 'retail-sales', paths: [csv] });
    expect(await payloads({ pipeline: 'retail-sales', paths: [texts] })).toStrictEqual(expected);
    expect(await payloads({ pipeline: 'retail-sales', paths: [typed] })).toStrictEqual(expected);
  });

  test('is read slice by slice, in order, over several row groups', async () => {
    const path = join(folder, 'many.parquet');
    await duckdb(`COPY (SELECT range::VARCHAR AS listingId, range * 1000 AS updatedAt, 534.56::DECIMAL(12, 2) AS price FROM range(55000)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 30720)`);
    const records = await read({ paths: [path], timeField: 'updatedAt' });
    expect(records.map(({ key }) => Number(key?.toString()))).toStrictEqual(Array.from({ length: 55_000 }, (_, at) => at));
    expect(records[54_999]).toMatchObject({ timestamp: 54_999_000, payload: Buffer.from('{"listingId":"54999","updatedAt":54999000,"price":"534.56"}') });
  });

  test('may come through standard input', async () => {
    const path = join(folder, 'one.parquet');
    await duckdb(`COPY (SELECT '7' AS listingId) TO '${path}' (FORMAT parquet)`);
    const { readFileSync } = await import('node:fs');
    expect(await payloads({ stdin: Readable.from([gzipSync(readFileSync(path))]) })).toStrictEqual(['{"listingId":"7"}']);
  });
});

test('a file that is not there, or is cut off, is told as such', async () => {
  await expect(payloads({ paths: [join(folder, 'nowhere.csv')] })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  const cut = gzipSync(NDJSON.repeat(1_000));
  await expect(payloads({ paths: [written('cut.gz', cut.subarray(0, cut.length - 20))] })).rejects.toThrow();
});
