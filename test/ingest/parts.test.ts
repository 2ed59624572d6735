import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import type { AnyPipeline, Lookups } from '../../src/domain/pipeline.ts';
import { chunksOf } from '../../src/ingest/chunks.ts';
import { deliver, type Sourced } from '../../src/ingest/deliver.ts';
import { laggardsOf } from '../../src/ingest/dual-write.ts';
import { categoryPath } from '../../src/ingest/enrich/category-path.ts';
import { priceInUsd } from '../../src/ingest/enrich/price-in-usd.ts';
import { runEnrichers } from '../../src/ingest/enrich/run-enrichers.ts';
import { sellerFacts } from '../../src/ingest/enrich/seller-facts.ts';
import { failureRecord } from '../../src/ingest/failure.ts';
import type { EventContext } from '../../src/ingest/process-event.ts';
import { retentionLeft, retentionRate } from '../../src/ingest/retention.ts';
import type { OutgoingRecord, RecordProducer } from '../../src/ports/record-log.ts';
import { lookups as noLookups, things } from '../support/ingest-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryBlock, type StoredRecord } from '../support/memory-block.ts';

const TIME = Date.UTC(2026, 10, 22);
const contextOf = (lookups: Lookups, clock = new ManualClock()): EventContext =>
  ({ lookups, clock, timeoutMs: 100, meter: { runs: 0, ms: 0 }, prefix: 't.', sourceCluster: 'source', host: 'h', maxRecordBytes: 100_000 });

describe('shared enrichers', () => {
  const seller = { id: 's1', name: 'A', country: 'GB', since: '2010-01-01', feedback: 99.5 };
  const lookups: Lookups = {
    categories: { get: (id) => id === '1' ? { id: '1', path: ['Root', 'Leaf'] } : undefined },
    sellers: { get: (id) => id === 's1' ? Promise.resolve(seller) : undefined },
    rates: { get: (key) => key === 'GBP@2026-11-22' ? 1.25 : undefined },
  };

  it('add the category with its path', () => {
    const enricher = categoryPath((event: { id: string | null }) => event.id);
    expect(enricher.enrich({ id: '1' }, lookups)).toEqual({ category: { id: '1', name: 'Leaf', path: ['Root', 'Leaf'] } });
    expect(enricher.enrich({ id: null }, lookups)).toEqual({});
    expect(() => enricher.enrich({ id: '2' }, lookups)).toThrow('category 2 is unknown');
  });

  it('add the seller, also one that has to be fetched', async () => {
    const enricher = sellerFacts((event: string) => event);
    expect(await enricher.enrich('s1', lookups)).toEqual({ seller });
    expect(() => enricher.enrich('s2', lookups)).toThrow('seller s2 is unknown');
  });

  it('add the price in dollars, rounded to cents', () => {
    const enricher = priceInUsd((event: { currency: string }) => ({ amount: 9.99, currency: event.currency, date: '2026-11-22' }));
    expect(enricher.enrich({ currency: 'GBP' }, lookups)).toEqual({ price_usd: 12.49 });
    expect(() => enricher.enrich({ currency: 'XXX' }, lookups)).toThrow('no XXX rate is known for 2026-11-22');
  });
});

describe('running enrichers', () => {
  const pipelineWith = (...enrichers: AnyPipeline['enrichers']): AnyPipeline => ({ ...things, enrichers });
  const adding = (fields: object | Promise<object>) => ({ name: 'adding', enrich: () => fields as never });

  it('stays synchronous where nothing has to be waited for', () => {
    const result = runEnrichers(pipelineWith(adding({ a: 1 }), adding({ b: 2 })), {}, contextOf(noLookups));
    expect(result).toEqual({ ok: true, facts: { a: 1, b: 2 } });
  });

  it('waits for those that do, and merges all', async () => {
    const result = runEnrichers(pipelineWith(adding(Promise.resolve({ a: 1 })), adding({ b: 2 })), {}, contextOf(noLookups));
    expect(await result).toEqual({ ok: true, facts: { a: 1, b: 2 } });
  });

  it('names the one that failed, whether it threw or rejected', async () => {
    const broken = { name: 'broken', enrich: () => { throw new Error('no'); } };
    const late = { name: 'late', enrich: () => Promise.reject(new Error('no')) };
    expect(runEnrichers(pipelineWith(broken), {}, contextOf(noLookups))).toMatchObject({ ok: false, enricher: 'broken' });
    expect(await runEnrichers(pipelineWith(late), {}, contextOf(noLookups))).toMatchObject({ ok: false, enricher: 'late' });
    expect(runEnrichers(pipelineWith(late, broken), {}, contextOf(noLookups))).toMatchObject({ ok: false, enricher: 'broken' });
  });

  it('gives up on one that takes too long', async () => {
    const clock = new ManualClock();
    const result = runEnrichers(pipelineWith({ name: 'slow', enrich: () => new Promise<never>(() => {}) }), {}, contextOf(noLookups, clock));
    await clock.advance(100);
    expect(await result).toMatchObject({ ok: false, enricher: 'slow', error: new Error('it took longer than 100 ms') });
  });
});

describe('chunks of a block', () => {
  const stored = (offset: number, text: string): StoredRecord => ({ topic: 'e', partition: 0, offset, timestamp: TIME, key: null, value: Buffer.from(JSON.stringify({ id: `i${offset}`, version: 1, text })), headers: new Map() });
  const route = { pipeline: things, regionalTopic: 'd' };

  it('cover exactly the wanted offsets, without gaps, each event once, however the block has holes', async () => {
    const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }).map((all) => all.toSorted((left, right) => left - right));
    await fc.assert(fc.asyncProperty(offsets, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 70 }), fc.integer({ min: 1, max: 5 }), async (all, from, until, most) => {
      const block = memoryBlock('e', 0, all.map((offset) => stored(offset, '')), 62, 62);
      const seen: number[] = [];
      let at = from;
      for await (const chunk of chunksOf(block, { assignment: 1, from, until }, route, { records: most, bytes: 1_000 }, contextOf(noLookups))) {
        expect(chunk.from).toBe(at);
        expect(chunk.records.length).toBeLessThanOrEqual(most);
        at = chunk.next;
        seen.push(...chunk.records.map(({ sourceOffset }) => sourceOffset));
      }
      expect(at).toBe(Math.max(from, Math.min(until, 62)));
      expect(seen).toEqual(all.filter((offset) => offset >= from && offset < until));
    }));
  });

  it('close before they grow over the bytes, but a single large event goes alone', async () => {
    const block = memoryBlock('e', 0, [stored(0, 'x'.repeat(50)), stored(1, 'x'.repeat(5_000)), stored(2, '')], 3, 3);
    const counts: number[] = [];
    for await (const chunk of chunksOf(block, { assignment: 1, from: 0, until: 3 }, route, { records: 10, bytes: 200 }, contextOf(noLookups))) counts.push(chunk.records.length);
    expect(counts).toEqual([1, 1, 1]);
  });

  it('bound garbage timestamps', async () => {
    const wild = { ...stored(0, ''), timestamp: 9e18, value: Buffer.from('not json') };
    for await (const chunk of chunksOf(memoryBlock('e', 0, [wild], 1, 1), { assignment: 1, from: 0, until: 1 }, route, { records: 1, bytes: 1 }, contextOf(noLookups))) {
      expect(chunk.tally.failed).toEqual(new Map([['decode', 1]]));
      expect(chunk.records[0]?.sourceTime).toBe(Date.UTC(2000, 0, 1));
    }
  });

  it('survive a pipeline that throws from anywhere', async () => {
    const hostile = { ...things, decode: () => { throw new Error('bug'); } };
    for await (const chunk of chunksOf(memoryBlock('e', 0, [stored(0, '')], 1, 1), { assignment: 1, from: 0, until: 1 }, { pipeline: hostile, regionalTopic: 'd' }, { records: 1, bytes: 1 }, contextOf(noLookups))) {
      expect(chunk.tally.failed).toEqual(new Map([['decode', 1]]));
    }
  });
});

describe('delivering', () => {
  const tooLarge = new SluiceError('KAFKA_RECORD_TOO_LARGE', 'too large');
  const record = (text: string): Sourced => ({
    topic: 'e', partition: 0,
    record: { topic: 'd', key: null, value: Buffer.from(text), sourceOffset: 0, sourceTime: TIME, bytes: text.length, failure: false },
  });
  const failure = failureRecord({ pipeline: 'p', topic: 'e', partition: 0, offset: 0, timestamp: TIME, key: null, payload: Buffer.from('payload') }, { stage: 'produce', error: { type: 't', reason: 'r' }, documentId: null, version: null }, TIME, { prefix: '', sourceCluster: 's', host: 'h' });

  function producerWith(refuses: (record: OutgoingRecord) => boolean): { producer: RecordProducer; sent: string[] } {
    const sent: string[] = [];
    return { sent, producer: {
      async send(records) {
        if (records.some(refuses)) throw tooLarge;
        sent.push(...records.map(({ value }) => value?.toString() ?? ''));
      },
      async close() {},
    } };
  }

  it('replaces exactly those that are too large, in their places', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom('small', 'LARGE'), { minLength: 1, maxLength: 20 }), async (texts) => {
      const { producer, sent } = producerWith(({ value }) => value?.toString() === 'LARGE');
      await deliver(producer, texts.map(record), async () => ({ ...failure, value: Buffer.from('failure') }));
      expect(sent).toEqual(texts.map((text) => text === 'LARGE' ? 'failure' : text));
    }));
  });

  it('drops the payload of a failure record that is itself too large, and never the failure', async () => {
    const { producer, sent } = producerWith(({ value }) => value?.includes('payload":"payload') === true || value?.toString() === 'LARGE');
    await deliver(producer, [record('LARGE')], async () => failure);
    expect(sent.map((text) => (JSON.parse(text) as { payload: unknown }).payload)).toEqual([null]);
    await deliver(producer, [{ ...record(''), record: failure }], async () => failure);
    expect(sent).toHaveLength(2);
  });

  it('calls the region unfit where even that is refused, so that nothing is lost', async () => {
    const { producer } = producerWith(() => true);
    await expect(deliver(producer, [record('LARGE')], async () => failure)).rejects.toMatchObject({ code: 'KAFKA_REFUSED', message: expect.stringContaining('max.message.bytes') as string });
  });
});

describe('laggards', () => {
  it('are those over their share while another one keeps up', () => {
    expect(laggardsOf([60, 10], 50)).toEqual([0]);
    expect(laggardsOf([60, 30], 50)).toEqual([]);
    expect(laggardsOf([60, 70, 0], 50)).toEqual([0, 1]);
    expect(laggardsOf([60], 50)).toEqual([]);
    expect(laggardsOf([], 50)).toEqual([]);
  });
});

describe('retention', () => {
  it('moves as fast as is appended, once it removes anything', () => {
    expect(retentionRate([{ time: 0, earliest: 0, latest: 0 }, { time: 1_000, earliest: 0, latest: 500 }])).toBe(0);
    expect(retentionRate([{ time: 0, earliest: 10, latest: 1_000 }, { time: 1_000, earliest: 10, latest: 1_500 }])).toBe(0.5);
    expect(retentionRate([])).toBe(0);
  });

  it('is not judged by one segment, but by what it removes again and again', () => {
    const at = (time: number, earliest: number) => ({ time, earliest, latest: 1_000_000 + time / 10 });
    expect(retentionRate([at(0, 10), at(500, 900_000), at(1_000, 900_000)])).toBe(0.1);
    expect(retentionRate([at(0, 10), at(500, 460), at(1_000, 910)])).toBe(0.9);
  });

  it('leaves the records before the position, at that rate', () => {
    const needed = { earliest: 400, ageMs: 0, retentionMs: null };
    expect(retentionLeft({ ...needed, position: 1_000, rate: 0.5 })).toEqual({ records: 600, ms: 1_200 });
    expect(retentionLeft({ ...needed, position: 300, rate: 0.5 })).toEqual({ records: 0, ms: 0 });
    expect(retentionLeft({ ...needed, position: 1_000, rate: 0 })).toEqual({ records: 600, ms: null });
  });

  it('comes by age before it has removed anything, and by whichever is sooner afterwards', () => {
    const needed = { position: 1_000, earliest: 0, ageMs: 40_000, retentionMs: 60_000 };
    expect(retentionLeft({ ...needed, rate: 0 })).toEqual({ records: 1_000, ms: 20_000 });
    expect(retentionLeft({ ...needed, rate: 0.1 })).toEqual({ records: 1_000, ms: 10_000 });
    expect(retentionLeft({ ...needed, rate: 0, ageMs: 70_000 })).toEqual({ records: 1_000, ms: 0 });
  });
});
