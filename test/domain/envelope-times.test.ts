import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundedTime, decodeEnvelope, encodeEnvelope, MAX_TIME } from '../../src/domain/envelope.ts';
import { failureDocument } from '../../src/domain/failure.ts';
import { indexNameOf } from '../../src/domain/index-name.ts';
import { readForeignRecord } from '../../src/indexing/foreign-record.ts';

/** Whatever a producer can write as a record's timestamp: 64 bits. */
const timestamps = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map(Math.trunc), fc.constantFrom(-1, 0, 2 ** 47, 8.64e15 + 1, 2 ** 63));
const common = { operation: 'index', schema: 1, version: 1, routingTime: 0, pipeline: 'things', id: 'a' } as const;

test('no timestamp of a record breaks its envelope', () => {
  fc.assert(fc.property(timestamps, (time) => {
    const envelope = decodeEnvelope(encodeEnvelope({ ...common, sourceTime: time, ingestTime: time }));
    expect(envelope).toMatchObject({ sourceTime: boundedTime(time), ingestTime: boundedTime(time) });
  }));
});

test('times in an envelope of another writer are bounded when they are read, so that they are dates everywhere', () => {
  const bytes = encodeEnvelope({ ...common, sourceTime: 0, ingestTime: 0 });
  bytes.fill(0xff, 18, 30);
  bytes[18] = 0x80;
  const envelope = decodeEnvelope(bytes);
  expect(envelope?.sourceTime).toBe(0);
  expect(envelope?.ingestTime).toBe(0);
  expect(new Date(MAX_TIME).toISOString()).toMatch(/^\d{4}-/);
});

test('a record without header never throws, whatever its times', () => {
  fc.assert(fc.property(timestamps, timestamps, (routingTime, timestamp) => {
    const value = Buffer.from(JSON.stringify({ id: 'a', version: 1, routing_time: routingTime, document: {} }));
    const read = readForeignRecord(value, 'things', timestamp);
    if (read.ok) expect(() => encodeEnvelope(read.envelope)).not.toThrow();
  }));
});

test('a failure of a record with any timestamp has a date and an index', () => {
  fc.assert(fc.property(timestamps, (timestamp) => {
    const { body } = failureDocument({
      stage: 'precheck', error: { type: 't', reason: 'r' }, payload: null, pipeline: 'things', source: { cluster: 'west', topic: 't', partition: 0, offset: 0, timestamp },
      lane: 'west-west', batch: null, documentId: null, version: null, index: null, attempts: 0, host: 'h', origin: null, time: 0,
    });
    expect((body['source'] as { timestamp: string }).timestamp).toMatch(/^\d{4}-\d{2}-\d{2}T/);
    expect(indexNameOf('failures', 'month', boundedTime(timestamp))).toMatch(/^failures-\d{4}\.\d{2}$/);
  }));
});
