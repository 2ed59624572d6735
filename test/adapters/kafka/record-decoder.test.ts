import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FetchedRecords, RecordDecoder } from '../../../src/adapters/kafka/platformatic/record-decoder.ts';
import type { RecordBlock } from '../../../src/ports/record-log.ts';
import { encodeBatch, encodeMarker, type PlainRecord } from './encoded-batches.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const EVERYTHING = 2 ** 30;
const NOON = Date.UTC(2026, 10, 22, 12);

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const nullable = fc.option(bytes, { nil: null });
const records = fc.array(
  fc.record({
    timestamp: fc.integer({ min: NOON - 2 ** 30, max: NOON + 2 ** 29 }),
    key: nullable,
    value: nullable,
    headers: fc.uniqueArray(fc.tuple(fc.string({ maxLength: 12 }), bytes), { maxLength: 4, selector: ([name]) => name }),
  }),
  { minLength: 1, maxLength: 12 },
);
const batches = fc.array(fc.record({ records, compression: fc.constantFrom(...CODECS), gap: fc.nat(3) }), { minLength: 1, maxLength: 5 });

interface Expected extends PlainRecord {
  readonly offset: number;
}

function layOut(parts: readonly { readonly records: readonly PlainRecord[]; readonly compression: (typeof CODECS)[number]; readonly gap: number }[], start = 1_000) {
  const expected: Expected[] = [];
  const encoded: Buffer[] = [];
  let baseOffset = start;
  for (const { records: own, compression, gap } of parts) {
    encoded.push(encodeBatch(own, { baseOffset, compression }));
    expected.push(...own.map((record, index) => ({ ...record, offset: baseOffset + index })));
    baseOffset += own.length + gap;
  }
  return { raw: Buffer.concat(encoded), encoded, expected };
}

function decoderOf(raw: Buffer, more: Partial<FetchedRecords> = {}): RecordDecoder {
  return new RecordDecoder({ topic: 't', partition: 3, bytes: raw, fetchOffset: 1_000, highWatermark: 9_999, aborted: [], ...more });
}

function takeAll(decoder: RecordDecoder, maxBytes = EVERYTHING): RecordBlock[] {
  const blocks: RecordBlock[] = [];
  for (let block = decoder.take(maxBytes, true); block !== null; block = decoder.take(maxBytes, true)) blocks.push(block);
  return blocks;
}

function offsetsOf(blocks: readonly RecordBlock[]): number[] {
  return blocks.flatMap((block) => Array.from({ length: block.count }, (_, index) => block.offset(index)));
}

function plain(value: string): PlainRecord {
  return { timestamp: NOON, key: null, value: Buffer.from(value), headers: [] };
}

describe('the decoder', () => {
  it('gives back what was encoded, whatever the codec and however small the helpings', () => {
    fc.assert(fc.property(batches, fc.integer({ min: 1, max: 2_000 }), (parts, maxBytes) => {
      const { raw, expected } = layOut(parts);
      const blocks = takeAll(decoderOf(raw), maxBytes);
      const found = blocks.flatMap((block) => Array.from({ length: block.count }, (_, index) => ({ block, index })));
      expect(found.length).toBe(expected.length);
      found.forEach(({ block, index }, at) => {
        const { offset, timestamp, key, value, headers } = expected[at] as Expected;
        expect([block.offset(index), block.timestamp(index)]).toEqual([offset, timestamp]);
        expect(block.key(index)).toEqual(key);
        expect(block.value(index)).toEqual(value);
        for (const [name, content] of headers) expect(block.header(index, name)).toEqual(content);
        expect(block.header(index, 'a name that no record has')).toBeNull();
      });
      for (const block of blocks) expect(block.count === 1 || block.bytes <= maxBytes).toBe(true);
    }), { numRuns: 200 });
  });

  it('drops the records before the offset that was asked for', () => {
    fc.assert(fc.property(batches, fc.nat(20), (parts, skip) => {
      const { raw, expected } = layOut(parts);
      const blocks = takeAll(decoderOf(raw, { fetchOffset: 1_000 + skip }));
      expect(offsetsOf(blocks)).toEqual(expected.map(({ offset }) => offset).filter((offset) => offset >= 1_000 + skip));
    }));
  });

  it('reads all whole batches of a fetch that was cut off anywhere', () => {
    fc.assert(fc.property(batches, fc.double({ min: 0, max: 1, noNaN: true }), (parts, share) => {
      const { raw, encoded } = layOut(parts);
      const cut = Math.floor(raw.length * share);
      let whole = 0;
      for (let end = 0; whole < parts.length && (end += (encoded[whole] as Buffer).length) <= cut;) whole++;
      const count = parts.slice(0, whole).reduce((sum, part) => sum + part.records.length, 0);
      const decoder = decoderOf(raw.subarray(0, cut));
      expect(offsetsOf(takeAll(decoder))).toHaveLength(count);
      expect(decoder.exhausted).toBe(true);
    }));
  });

  it('never reads outside of damaged bytes without saying so', () => {
    fc.assert(fc.property(records, fc.nat(), fc.nat(255), (own, where, byte) => {
      const raw = encodeBatch(own, { baseOffset: 1_000 });
      raw[61 + (where % (raw.length - 61))] = byte;
      try {
        for (const block of takeAll(decoderOf(raw))) for (let index = 0; index < block.count; index++) block.value(index);
      } catch (error) {
        expect(error).toMatchObject({ code: 'KAFKA_UNREADABLE' });
      }
    }));
  });

  it('hands out every record before one that cannot be read, and fails then', () => {
    const good = encodeBatch([plain('a'), plain('b')], { baseOffset: 1_000 });
    const bad = encodeBatch([plain('c')], { baseOffset: 1_002, compression: 'gzip' });
    bad.fill(0xff, 61);
    const decoder = decoderOf(Buffer.concat([good, bad]));
    expect(offsetsOf([decoder.take(EVERYTHING, true) as RecordBlock])).toEqual([1_000, 1_001]);
    expect(decoder.exhausted).toBe(false);
    expect(() => decoder.take(EVERYTHING, true)).toThrow(expect.objectContaining({ code: 'KAFKA_UNREADABLE' }));
    expect(decoder.nextOffset).toBe(1_002);
  });

  it('hands out the sound records of a batch with a broken one', () => {
    const raw = encodeBatch([plain('a'), plain('b'), plain('c')], { baseOffset: 1_000 });
    raw[raw.length - 8] = 0x7e; // the length of the last record, of eight bytes
    const decoder = decoderOf(raw);
    expect(offsetsOf([decoder.take(EVERYTHING, true) as RecordBlock])).toEqual([1_000, 1_001]);
    expect(() => decoder.take(EVERYTHING, true)).toThrow(expect.objectContaining({ code: 'KAFKA_UNREADABLE' }));
  });

  it('takes nothing rather than too much, unless it is asked for at least one', () => {
    const decoder = decoderOf(encodeBatch([plain('x'.repeat(500)), plain('y')], { baseOffset: 1_000 }));
    expect(decoder.take(100, false)).toBeNull();
    expect(decoder.exhausted).toBe(false);
    expect(decoder.take(100, true)).toMatchObject({ count: 1, nextOffset: 1_001 });
    expect(decoder.take(100, false)).toMatchObject({ count: 1, nextOffset: 1_002 });
    expect(decoder.take(100, true)).toBeNull();
  });

  it('keeps compressed what has not been handed out', () => {
    const big = plain('z'.repeat(100_000));
    const raw = Buffer.concat([0, 1, 2].map((index) => encodeBatch([big], { baseOffset: 1_000 + index, compression: 'zstd' })));
    const decoder = decoderOf(raw);
    decoder.take(100_000, true);
    expect(decoder.heldBytes).toBeLessThan(2_000);
  });

  it('steps over a batch that compaction has emptied, and moves on behind it', () => {
    const empty = encodeBatch([plain('a'), plain('b')], { baseOffset: 1_000 }).subarray(0, 61);
    const header = Buffer.from(empty);
    header.writeInt32BE(61 - 12, 8);
    header.writeInt32BE(0, 57);
    const [block] = takeAll(decoderOf(header));
    expect(block).toMatchObject({ count: 0, nextOffset: 1_002, highWatermark: 9_999 });
  });

  it('hands out committed transactions and leaves aborted ones out', () => {
    const raw = Buffer.concat([
      encodeBatch([plain('aborted')], { baseOffset: 1_000, transaction: 7n }),
      encodeBatch([plain('committed')], { baseOffset: 1_001, transaction: 8n }),
      encodeMarker(1_002, 7n, 'abort'),
      encodeMarker(1_003, 8n, 'commit'),
      encodeBatch([plain('second of 7')], { baseOffset: 1_004, transaction: 7n }),
      encodeMarker(1_005, 7n, 'commit'),
    ]);
    const blocks = takeAll(decoderOf(raw, { aborted: [{ producerId: 7n, firstOffset: 1_000 }] }));
    expect(offsetsOf(blocks)).toEqual([1_001, 1_004]);
    expect(blocks.at(-1)?.nextOffset).toBe(1_006);
  });

  it('moves on over a fetch that held markers alone', () => {
    expect(takeAll(decoderOf(encodeMarker(1_000, 7n, 'commit')))).toMatchObject([{ count: 0, nextOffset: 1_001 }]);
  });

  it('uses the time of appending where the topic says so', () => {
    const raw = encodeBatch([plain('a'), { ...plain('b'), timestamp: NOON + 500 }], { baseOffset: 1_000 });
    raw.writeInt16BE(1 << 3, 21);
    const [block] = takeAll(decoderOf(raw));
    expect([block?.timestamp(0), block?.timestamp(1)]).toEqual([NOON + 500, NOON + 500]);
  });

  it('refuses formats and codecs that it does not know', () => {
    const old = encodeBatch([plain('a')], { baseOffset: 1_000 });
    old[16] = 1;
    expect(() => takeAll(decoderOf(old))).toThrow(/format 1/);
    const strange = encodeBatch([plain('a')], { baseOffset: 1_000 });
    strange.writeInt16BE(7, 21);
    expect(() => takeAll(decoderOf(strange))).toThrow(/compression 7/);
  });
});
