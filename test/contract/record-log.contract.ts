import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Compression } from '../../src/ports/record-log.ts';
import { waitFor } from '../support/stack.ts';
import { groupContract } from './record-log-group.contract.ts';
import { collect, HEADER, numbered, POLL, record, recordsOf } from './record-log.support.ts';
import { type RecordLogSubject, type Shortcomings, Workbench } from './record-log.workbench.ts';

/** A poll that is not ended when its reader is closed fails its test by the time that the test may take. */
const LONGER_THAN_A_TEST_MS = 600_000;
const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** Java's `Utils.toPositive(Utils.murmur2(key)) % 12` for some keys. */
const JAVA_PARTITIONS: readonly (readonly [string, number])[] = [['21', 0], ['foobar', 6], ['a-little-bit-long-string', 8], ['a-little-bit-longer-string', 11], ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', 5]];

export function recordLogContract(name: string, open: () => Promise<RecordLogSubject>, shortcomings: Shortcomings = {}): void {
  describe(`record log: ${name}`, () => {
    const bench = new Workbench(open);
    groupContract(bench, shortcomings);

    describe('records', () => {
      it.each(COMPRESSIONS)('come out as they went in (%s)', async (compression) => {
        const topic = await bench.newTopic();
        const sender = bench.closedLater(bench.log.producer({ compression, deliveryTimeoutMs: 10_000 }));
        const headers = new Map([['other', Buffer.from('x')], [HEADER, Buffer.from('envelope')]]);
        await sender.send([
          record(topic, 'key', '{"title":"Schöne Grüße"}', { headers, timestamp: 1_700_000_000_123 }),
          record(topic, 'gone', null, { timestamp: 1_600_000_000_000 }),
          record(topic, null, '', { timestamp: 1_700_000_000_124 }),
        ]);
        const seen = await collect(bench.reading(topic), 3);
        expect(seen.map(({ offset, key, value, header, timestamp }) => [offset, key, value, header, timestamp])).toEqual([
          [0, 'key', '{"title":"Schöne Grüße"}', 'envelope', 1_700_000_000_123],
          [1, 'gone', null, null, 1_600_000_000_000],
          [2, null, '', null, 1_700_000_000_124],
        ]);
      });

      it('keep arbitrary bytes and their order over many batches', async () => {
        const topic = await bench.newTopic();
        const values = Array.from({ length: 500 }, () => randomBytes(2_000));
        for (let from = 0; from < values.length; from += 100) {
          await bench.producer.send(values.slice(from, from + 100).map((value) => ({ topic, key: null, value, partition: 0 })));
        }
        const found: Buffer[] = [];
        const reader = bench.reading(topic);
        await waitFor(async () => {
          for (const block of await reader.poll(POLL)) for (let index = 0; index < block.count; index++) found.push(Buffer.from(block.value(index) as Buffer));
          return found.length >= values.length;
        }, { what: '500 records' });
        expect(Buffer.concat(found).equals(Buffer.concat(values))).toBe(true);
      });

      it('go to the partition that the Java client gives their key', async () => {
        const topic = await bench.newTopic(12);
        await bench.producer.send(JAVA_PARTITIONS.map(([key]) => record(topic, key, 'x')));
        const reader = bench.closedLater(bench.log.reader());
        for (let partition = 0; partition < 12; partition++) reader.seek({ topic, partition, offset: 0 });
        const seen = await collect(reader, JAVA_PARTITIONS.length);
        expect(new Map(seen.map(({ key, partition }) => [key, partition]))).toEqual(new Map(JAVA_PARTITIONS));
      });

      it('tell where the partition ended, and where the block ends', async () => {
        const topic = await bench.newTopic();
        await bench.producer.send(numbered(topic, 0, 5));
        const reader = bench.reading(topic, 2);
        const [block] = await waitFor(async () => { const blocks = await reader.poll(POLL); return blocks.length > 0 && blocks; }, { what: 'a block' });
        expect(block).toMatchObject({ topic, partition: 0, count: 3, nextOffset: 5, highWatermark: 5 });
        expect(() => block?.value(3)).toThrow(RangeError);
      });

      it('over the size limit are refused by name, and the producer goes on', async () => {
        const topic = await bench.newTopic();
        const failure = bench.producer.send([record(topic, 'a', 'small'), { topic, key: null, value: randomBytes(3_000_000) }]);
        await expect(failure).rejects.toMatchObject({ code: 'KAFKA_RECORD_TOO_LARGE' });
        await bench.producer.send([record(topic, 'b', 'after')]);
        const reader = bench.reading(topic);
        await waitFor(async () => (await reader.poll(POLL)).flatMap(recordsOf).some(({ value }) => value === 'after'), { what: 'the record after' });
      });

      it('may be sent in a call that is larger than any one batch', async () => {
        const topic = await bench.newTopic();
        await bench.producer.send(Array.from({ length: 40 }, () => ({ topic, key: null, value: randomBytes(100_000), partition: 0 })));
        expect(await bench.admin.ranges([topic])).toEqual([{ topic, partition: 0, earliest: 0, latest: 40 }]);
      });

      it('for a topic that does not exist are refused', async () => {
        const sender = bench.closedLater(bench.log.producer({ compression: 'none', deliveryTimeoutMs: shortcomings.waitsForUnknownTopics === true ? 2_000 : 30_000 }));
        const code = shortcomings.waitsForUnknownTopics ? 'KAFKA_UNAVAILABLE' : 'KAFKA_UNKNOWN_TOPIC';
        await expect(sender.send([record(bench.unique('absent'), 'a', 'b')])).rejects.toMatchObject({ code });
      });
    });

    describe('a poll', () => {
      it('hands out no more than it was asked for', async () => {
        const topic = await bench.newTopic(2);
        await bench.producer.send(Array.from({ length: 60 }, (_, index) => ({ topic, key: null, value: randomBytes(10_000), partition: index % 2 })));
        const reader = bench.closedLater(bench.log.reader());
        for (const partition of [0, 1]) reader.seek({ topic, partition, offset: 0 });
        let count = 0;
        await waitFor(async () => {
          const blocks = await reader.poll({ maxBytes: 50_000, maxWaitMs: 200 });
          expect(blocks.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(50_000);
          count += blocks.reduce((sum, block) => sum + block.count, 0);
          return count >= 60;
        }, { what: '60 records' });
        expect(count).toBe(60);
      });

      it('hands a record out alone that is larger than asked for', async () => {
        const topic = await bench.newTopic();
        await bench.producer.send([0, 1, 2].map(() => ({ topic, key: null, value: randomBytes(20_000), partition: 0 })));
        const reader = bench.reading(topic);
        const counts: number[] = [];
        await waitFor(async () => {
          counts.push(...(await reader.poll({ maxBytes: 1_000, maxWaitMs: 200 })).map(({ count }) => count));
          return counts.length >= 3;
        }, { what: 'three polls with records' });
        expect(counts).toEqual([1, 1, 1]);
      });

      it('lets no partition starve while another has plenty', async () => {
        const topic = await bench.newTopic(4);
        await bench.producer.send(Array.from({ length: 80 }, () => ({ topic, key: null, value: randomBytes(10_000), partition: 0 })));
        await bench.producer.send([1, 2, 3].map((partition) => record(topic, 'k', 'v', { partition })));
        const reader = bench.closedLater(bench.log.reader());
        for (let partition = 0; partition < 4; partition++) reader.seek({ topic, partition, offset: 0 });
        const served = new Set<number>();
        let big = 0;
        await waitFor(async () => {
          for (const block of await reader.poll({ maxBytes: 50_000, maxWaitMs: 200 })) {
            served.add(block.partition);
            if (block.partition === 0) big += block.count;
          }
          return served.size === 4;
        }, { what: 'records of all partitions' });
        expect(big).toBeLessThan(80);
      });

      it('comes back empty when there is nothing, and at once when closed', async () => {
        const topic = await bench.newTopic();
        const reader = bench.log.reader();
        reader.seek({ topic, partition: 0, offset: 0 });
        expect(await reader.poll({ maxBytes: 1_000, maxWaitMs: 50 })).toEqual([]);
        const waiting = reader.poll({ maxBytes: 1_000, maxWaitMs: LONGER_THAN_A_TEST_MS });
        await reader.close();
        expect(await waiting).toEqual([]);
      });
    });

    describe('a reader', () => {
      it('reads what it is told to, from there, and nothing else', async () => {
        const [first, second] = [await bench.newTopic(2), await bench.newTopic(1)];
        await bench.producer.send([...numbered(first, 0, 3), ...numbered(first, 1, 3, 10), ...numbered(second, 0, 3, 20)]);
        const reader = bench.closedLater(bench.log.reader());
        reader.seek({ topic: first, partition: 1, offset: 2 });
        reader.seek({ topic: second, partition: 0, offset: 1 });
        const seen = await collect(reader, 3);
        expect(seen.map(({ value }) => value).toSorted()).toEqual(['v12', 'v21', 'v22']);
      });

      it('can be moved back, and stopped', async () => {
        const topic = await bench.newTopic();
        await bench.producer.send(numbered(topic, 0, 4));
        const reader = bench.reading(topic, 3);
        await collect(reader, 1);
        reader.seek({ topic, partition: 0, offset: 1 });
        expect((await collect(reader, 3)).map(({ value }) => value)).toEqual(['v1', 'v2', 'v3']);
        reader.drop({ topic, partition: 0 });
        await bench.producer.send(numbered(topic, 0, 1, 4));
        expect(await reader.poll(POLL)).toEqual([]);
      });

      it('goes on at the first record that is left when its position is gone, and says so', async () => {
        const topic = await bench.newTopic();
        await bench.producer.send(numbered(topic, 0, 10));
        await bench.subject.trim(topic, 0, 6);
        bench.subject.warnings.length = 0;
        expect((await collect(bench.reading(topic, 2), 4)).map(({ offset }) => offset)).toEqual([6, 7, 8, 9]);
        if (!shortcomings.silentOnLoss) expect(bench.subject.warnings.join()).toMatch(/gone|out of range/i);
      });
    });

    describe('an admin', () => {
      it('creates what is missing and leaves what is there', async () => {
        const [first, second] = [bench.unique('topic'), bench.unique('topic')];
        for (const topic of [first, second]) bench.deletedLater(topic);
        expect(await bench.admin.ensureTopics([{ name: first, partitions: 2, replicas: 1, config: { 'retention.ms': '3600000' } }])).toEqual([first]);
        await bench.producer.send(numbered(first, 1, 2));
        expect(await bench.admin.ensureTopics([{ name: first, partitions: 5, replicas: 1 }, { name: second, partitions: 1, replicas: 1 }])).toEqual([second]);
        expect(await bench.admin.ranges([first, second])).toEqual([
          { topic: first, partition: 0, earliest: 0, latest: 0 },
          { topic: first, partition: 1, earliest: 0, latest: 2 },
          { topic: second, partition: 0, earliest: 0, latest: 0 },
        ]);
        expect(await bench.admin.listTopics()).toEqual(expect.arrayContaining([first, second]));
      });

      it('deletes topics, and takes those that are not there for deleted', async () => {
        const [kept, first, second] = [await bench.newTopic(), bench.unique('topic'), bench.unique('topic')];
        await bench.admin.ensureTopics([first, second].map((name) => ({ name, partitions: 1, replicas: 1 })));
        await bench.admin.deleteTopics([first]);
        await bench.admin.deleteTopics([first, second, bench.unique('absent')]);
        // A broker may list a topic for a moment after it has confirmed its deletion.
        const left = async (): Promise<string[]> => (await bench.admin.listTopics()).filter((name) => [kept, first, second].includes(name));
        await waitFor(async () => (await left()).length <= 1, { what: 'the topics to be gone' });
        expect(await left()).toEqual([kept]);
      });

      it('names a topic that does not exist', async () => {
        await expect(bench.admin.ranges([bench.unique('absent')])).rejects.toMatchObject({ code: 'KAFKA_UNKNOWN_TOPIC' });
        expect(await bench.admin.committed(bench.unique('group'), [bench.unique('absent')])).toEqual([]);
      });

      it('tells of the copies of each partition, and leaves out what is not there', async () => {
        const topic = await bench.newTopic(2);
        const { brokers, partitions } = await bench.admin.replication([topic, bench.unique('absent')]);
        expect(brokers).toBeGreaterThan(0);
        expect(partitions.toSorted((a, b) => a.partition - b.partition)).toEqual([0, 1].map((partition) => ({ topic, partition, hasLeader: true, replicas: 1, inSync: 1 })));
      });

      it('writes the positions of a group without members, and of no other', async () => {
        const topic = await bench.newTopic(2);
        const group = bench.unique('group');
        expect(await bench.admin.committed(group, [topic])).toEqual([]);
        await bench.producer.send(numbered(topic, 1, 5));
        await bench.admin.setCommitted(group, [{ topic, partition: 1, offset: 3 }]);
        expect(await bench.admin.committed(group, [topic])).toEqual([{ topic, partition: 1, offset: 3 }]);
        const consumer = await bench.member(group, topic);
        expect((await collect(consumer, 2)).map(({ value }) => value)).toEqual(['v3', 'v4']);
        await expect(bench.admin.setCommitted(group, [{ topic, partition: 1, offset: 0 }])).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
      });
    });
  });
}
