import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/domain/document.ts';
import { decodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import type { SourceEvent } from '../../src/domain/event.ts';
import { MAX_FAILURE_PAYLOAD } from '../../src/domain/failure.ts';
import { versionOf } from '../../src/domain/version.ts';
import { finish } from '../../src/ingest/document.ts';
import { errorFacts, failureRecord, MAX_FAILURE_RECORD, withoutPayload } from '../../src/ingest/failure.ts';
import { things } from '../support/ingest-harness.ts';

const TIME = Date.UTC(2026, 10, 22);
const event: SourceEvent = { pipeline: 'things', topic: 'events.things', partition: 2, offset: 17, timestamp: TIME, key: null, payload: Buffer.from('{}') };
const context = { topic: 'documents.things', ingestTime: TIME + 1, maxRecordBytes: 10_000 };
const document = (changes: Partial<Document> = {}): Document => ({ id: 'a', key: 'k', sourceVersion: 5, routingTime: TIME, deleted: false, body: { a: 1 }, ...changes });

describe('finishing a document', () => {
  it('puts deleted last and everything the processor needs into the envelope', () => {
    const finished = finish(things, document({ deleted: true }), event, context);
    if (!finished.ok) throw new Error(finished.problem);
    expect(finished.record.value?.toString()).toMatch(/^\{"a":1,"fingerprint":[ \d]{10},"deleted":true\}$/);
    const header = finished.record.headers?.get(ENVELOPE_HEADER) ?? Buffer.alloc(0);
    expect(decodeEnvelope(header)).toEqual({ operation: 'index', schema: 7, version: versionOf(5, 3), routingTime: TIME, sourceTime: TIME, ingestTime: TIME + 1, pipeline: 'things', id: 'a' });
  });

  it('uses the source version as it is where epochs are off', () => {
    const finished = finish({ ...things, epoch: 'off' }, document({ sourceVersion: 2 ** 50 }), event, context);
    if (!finished.ok) throw new Error(finished.problem);
    expect(decodeEnvelope(finished.record.headers?.get(ENVELOPE_HEADER) ?? Buffer.alloc(0))?.version).toBe(2 ** 50);
  });

  it.each<[string, Partial<Document>, string]>([
    ['an empty id', { id: '' }, 'id is empty'],
    ['an id of 513 bytes', { id: `${'é'.repeat(256)}x` }, 'longer than 512'],
    ['an empty key', { key: '' }, 'key is empty'],
    ['a negative version', { sourceVersion: -1 }, 'source version -1'],
    ['a version over the bound', { sourceVersion: 2 ** 43 }, 'source version'],
    ['a fraction as version', { sourceVersion: 1.5 }, 'source version'],
    ['no routing time', { routingTime: Number.NaN }, 'routing time NaN'],
    ['a routing time beyond the envelope', { routingTime: 2 ** 47 }, 'routing time'],
    ['a body with origin', { body: { origin: 1 } }, 'deleted, origin or fingerprint'],
    ['a body without JSON form', { body: { n: 1n } }, 'BigInt'],
  ])('refuses %s', (_, changes, problem) => {
    expect(finish(things, document(changes), event, context)).toMatchObject({ ok: false, stage: 'document', problem: expect.stringContaining(problem) as string });
  });

  it('takes an id of exactly 512 bytes, and calls too large what is over the limit', () => {
    expect(finish(things, document({ id: 'é'.repeat(256) }), event, context).ok).toBe(true);
    expect(finish(things, document({ body: { text: 'x'.repeat(10_000) } }), event, context)).toMatchObject({ ok: false, stage: 'produce' });
  });

  it('ends every document, however odd, as a record or a problem', () => {
    const odd = fc.record({ id: fc.anything(), key: fc.anything(), sourceVersion: fc.anything(), routingTime: fc.anything(), deleted: fc.boolean(), body: fc.object() });
    fc.assert(fc.property(odd, (given) => {
      const finished = finish(things, given as unknown as Document, event, context);
      expect(finished.ok || finished.problem.length > 0).toBe(true);
    }));
  });
});

describe('a failure record', () => {
  const facts = { stage: 'decode' as const, error: errorFacts(new Error('why')), documentId: null, version: null };
  const by = { prefix: 't.', sourceCluster: 'source', host: 'h' };

  it('has one id for one source record, however often it fails', () => {
    const first = failureRecord(event, facts, TIME, by);
    const again = failureRecord(event, { ...facts, stage: 'enrich' }, TIME + 5_000, { ...by, host: 'other' });
    expect(again.key).toEqual(first.key);
    expect(decodeEnvelope(first.headers?.get(ENVELOPE_HEADER) ?? Buffer.alloc(0))).toMatchObject({ pipeline: 'failures', version: TIME, routingTime: TIME });
    expect(first.topic).toBe('t.documents.failures');
  });

  it('stays under what its topic takes, also where JSON would blow the payload up', () => {
    const payload = Buffer.alloc(MAX_FAILURE_PAYLOAD + 10, 1);
    const record = failureRecord({ ...event, payload }, facts, TIME, by);
    expect(record.value?.length).toBeLessThanOrEqual(MAX_FAILURE_RECORD);
    const body = JSON.parse(record.value?.toString() ?? '') as Record<string, unknown>;
    expect(body).toMatchObject({ payload_encoding: 'base64', payload_bytes: payload.length, payload_truncated: true });
    expect(Buffer.from(body.payload as string, 'base64').equals(payload.subarray(0, MAX_FAILURE_PAYLOAD))).toBe(true);
  });

  it('can do without its payload and says so', () => {
    const record = withoutPayload(failureRecord({ ...event, payload: Buffer.from('abc') }, facts, TIME, by));
    expect(JSON.parse(record.value?.toString() ?? '')).toMatchObject({ payload: null, payload_bytes: 3, payload_truncated: true, deleted: false });
  });

  it('cuts an endless document id', () => {
    const record = failureRecord(event, { ...facts, documentId: 'x'.repeat(100_000) }, TIME, by);
    expect(record.value?.length).toBeLessThan(5_000);
  });
});
