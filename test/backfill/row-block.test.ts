import { describe, expect, it } from 'vitest';
import { RowBlock } from '../../src/backfill/row-block.ts';
import { ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { ingestRecord } from '../../src/ingest/document.ts';
import type { IngestRecord } from '../../src/ingest/record.ts';

const MIB = 1024 * 1024;

function record(offset: number, value: string): IngestRecord {
  const event = { pipeline: 'p', topic: 'file', partition: 2, offset, timestamp: 1_000 + offset, key: null, payload: null };
  return ingestRecord({ topic: 'file', key: `key ${offset}`, value: Buffer.from(value), envelope: Buffer.from(`envelope ${offset}`), event, failure: false });
}

describe('a block of rows', () => {
  it('gives back every part of what was added, also across its pages and beyond the size of one', () => {
    const values = ['{}', 'a'.repeat(MIB - 10), 'b'.repeat(100), 'c'.repeat(3 * MIB), '{"é":"🏺"}'];
    const block = new RowBlock('file', 2, 10);
    for (const [at, value] of values.entries()) block.add(record(2 * at, value));
    expect(block).toMatchObject({ topic: 'file', partition: 2, count: values.length, nextOffset: 10, highWatermark: 10 });
    for (const [at, value] of values.entries()) {
      expect(block.offset(at)).toBe(2 * at);
      expect(block.timestamp(at)).toBe(1_000 + 2 * at);
      expect(block.key(at).toString()).toBe(`key ${2 * at}`);
      expect(block.header(at, ENVELOPE_HEADER)?.toString()).toBe(`envelope ${2 * at}`);
      expect(block.header(at, 'other')).toBeNull();
      expect(block.value(at).equals(Buffer.from(value))).toBe(true);
    }
  });
});
