import { expect, test } from 'vitest';
import { readForeignRecord } from '../../src/indexing/foreign-record.ts';

function valueOf(record: Record<string, unknown>): unknown {
  const read = readForeignRecord(Buffer.from(JSON.stringify({ id: 'a', version: 1, routing_time: 0, ...record })), 'things', 0);
  if (!read.ok) return read.reason;
  const { fingerprint, ...document } = JSON.parse(read.value?.toString() ?? 'null') as Record<string, unknown>;
  expect(fingerprint).toBeTypeOf('number');
  return document;
}

test('a document of another producer lives unless its record or the document itself says that it is removed', () => {
  expect(valueOf({ document: { title: 'x' } })).toEqual({ title: 'x', deleted: false });
  expect(valueOf({ document: { title: 'x', deleted: false } })).toEqual({ title: 'x', deleted: false });
  expect(valueOf({ document: { title: 'x', deleted: true } })).toEqual({ title: 'x', deleted: true });
  expect(valueOf({ operation: 'delete', document: { title: 'x', deleted: false } })).toEqual({ title: 'x', deleted: true });
  expect(valueOf({ operation: 'delete' })).toEqual({ deleted: true });
});

test('every digit of a document of another producer is kept', () => {
  const read = readForeignRecord(Buffer.from('{"id":"a","version":1,"routing_time":0,"document":{"order":12345678901234567891,"price":1.10}}'), 'things', 0);
  expect(read.ok && read.value?.toString()).toMatch(/^\{"order":12345678901234567891,"price":1.10,/);
});
