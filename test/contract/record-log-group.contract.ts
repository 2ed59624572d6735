import { describe, expect, it } from 'vitest';
import type { RecordConsumer } from '../../src/ports/record-log.ts';
import { waitFor } from '../support/stack.ts';
import { Assignments, collect, numbered, POLL, positionsAfter, recordsOf } from './record-log.support.ts';
import type { Shortcomings, Workbench } from './record-log.workbench.ts';

/** What a log promises to the members of a consumer group. */
export function groupContract(bench: Workbench, shortcomings: Shortcomings): void {
  describe('a group', () => {
    it('begins where it is told to without a committed position', async () => {
      const topic = await bench.newTopic();
      await bench.producer.send(numbered(topic, 0, 3));
      const all = await bench.member(bench.unique('group'), topic);
      expect(await collect(all, 3)).toHaveLength(3);
      const late = await bench.member(bench.unique('group'), topic, new Assignments(), 'latest');
      expect(await late.poll(POLL)).toEqual([]);
      // What is sent before it knows where the latest is, it rightly never sees.
      const arrived = await waitFor(async () => {
        await bench.producer.send(numbered(topic, 0, 1, 3));
        return (await late.poll(POLL)).flatMap(recordsOf).at(0);
      }, { what: 'a record' });
      expect(arrived.value).toBe('v3');
    });

    it('goes on from the committed position after a restart', async () => {
      const topic = await bench.newTopic();
      const group = bench.unique('group');
      await bench.producer.send(numbered(topic, 0, 6));
      const first = await bench.member(group, topic);
      await collect(first, 6);
      await first.commit([{ topic, partition: 0, offset: 4 }]);
      await first.close();
      expect(await bench.admin.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 4 }]);
      const second = await bench.member(group, topic);
      expect((await collect(second, 2)).map(({ value }) => value)).toEqual(['v4', 'v5']);
    });

    it('shares the partitions among its members, and takes over from one that leaves', async () => {
      const topic = await bench.newTopic(4);
      const group = bench.unique('group');
      const [one, two] = [new Assignments(), new Assignments()];
      const first = await bench.member(group, topic, one);
      expect(one.held).toHaveLength(4);
      const second = await bench.member(group, topic, two);
      await waitFor(() => one.held.length === 2 && two.held.length === 2, { what: 'two partitions each' });
      expect(new Set([...one.held, ...two.held]).size).toBe(4);
      if (!shortcomings.rebalanceRevokesAll) expect(one.calls.at(-1)).toMatchObject({ kind: 'revoked', partitions: { length: 2 } });
      await first.close();
      expect(one.held).toEqual([]);
      await waitFor(() => two.held.length === 4, { what: 'all partitions at the second' });
      await waitFor(() => { expect(second.health()).toMatchObject({ connected: true, lastError: null, assigned: { length: 4 } }); return true; }, { what: 'good health' });
    });

    it.skipIf(shortcomings.handsNothingOver === true)('lets a member commit what it did before others take over', async () => {
      const topic = await bench.newTopic(2);
      const group = bench.unique('group');
      await bench.producer.send([...numbered(topic, 0, 5), ...numbered(topic, 1, 5, 10)]);
      const [one, two] = [new Assignments(), new Assignments()];
      const first = await bench.member(group, topic, one);
      const done = positionsAfter(await collect(first, 10));
      one.handOver = () => first.commit(done);
      const second = await bench.member(group, topic, two);
      await waitFor(() => one.held.length === 1 && two.held.length === 1, { what: 'one partition each' });
      await bench.producer.send([...numbered(topic, 0, 1, 100), ...numbered(topic, 1, 1, 100)]);
      expect((await collect(second, 1)).map(({ value }) => value)).toEqual(['v100']);
    });

    it('takes over from a member that dies, from its last commit', async () => {
      const topic = await bench.newTopic(2);
      const group = bench.unique('group');
      await bench.producer.send([...numbered(topic, 0, 4), ...numbered(topic, 1, 4, 10)]);
      const mine = new Assignments();
      const die = await bench.subject.doomedMember(group, topic);
      const survivor = await bench.member(group, topic, mine);
      await waitFor(() => mine.held.length === 1, { what: 'one partition each' });
      const done = positionsAfter(await collect(survivor, 4));
      await waitFor(async () => { await survivor.commit(done); return true; }, { what: 'a commit' });
      await die();
      await waitFor(() => mine.held.length === 2, { what: 'the dead member’s partition' });
      expect(new Set((await collect(survivor, 4)).map(({ partition }) => partition)).size).toBeGreaterThanOrEqual(1);
    });

    it('loses no record while members come and go', async () => {
      const topic = await bench.newTopic(3);
      const group = bench.unique('group');
      await bench.producer.send([0, 1, 2].flatMap((partition) => numbered(topic, partition, 50, partition * 100)));
      const seen = new Set<string>();
      const drain = async (consumer: RecordConsumer) => {
        for (const block of await consumer.poll({ maxBytes: 500, maxWaitMs: 50 })) {
          for (const { value } of recordsOf(block)) seen.add(value as string);
          await consumer.commit([{ topic, partition: block.partition, offset: block.nextOffset }]).catch((error: { code?: string }) => expect(error.code).toBe('KAFKA_FENCED'));
        }
      };
      const first = await bench.member(group, topic);
      await drain(first);
      const joining = bench.member(group, topic);
      await drain(first);
      const second = await joining;
      await drain(second);
      await first.close();
      await waitFor(async () => { await drain(second); return seen.size === 150; }, { what: 'every record' });
    });

    it('refuses commits for partitions that have moved to another member', async () => {
      const topic = await bench.newTopic(2);
      const group = bench.unique('group');
      const [one, two] = [new Assignments(), new Assignments()];
      const first = await bench.member(group, topic, one);
      await bench.member(group, topic, two);
      await waitFor(() => one.held.length === 1 && two.held.length === 1, { what: 'one partition each' });
      const moved = two.held[0]?.endsWith('/0') ? 0 : 1;
      await expect(first.commit([{ topic, partition: moved, offset: 1 }])).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
      await first.commit([{ topic, partition: 1 - moved, offset: 0 }]);
    });

    it('refuses commits of a member that has left', async () => {
      const topic = await bench.newTopic();
      const consumer = await bench.member(bench.unique('group'), topic);
      await consumer.close();
      await consumer.close();
      await expect(consumer.commit([{ topic, partition: 0, offset: 1 }])).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    });

    it('lets a member move its positions, also while it is being assigned', async () => {
      const topic = await bench.newTopic();
      await bench.producer.send(numbered(topic, 0, 6));
      const consumer = bench.closedLater(bench.log.consumer({ group: bench.unique('group'), topics: [topic], from: 'earliest' }));
      await consumer.start(new Assignments((partitions) => { for (const partition of partitions) consumer.seek({ ...partition, offset: 4 }); }));
      expect((await collect(consumer, 2)).map(({ value }) => value)).toEqual(['v4', 'v5']);
      consumer.seek({ topic, partition: 0, offset: 5 });
      expect((await collect(consumer, 1)).map(({ value }) => value)).toEqual(['v5']);
    });

    it('reads nothing of a paused partition until it is resumed, and then everything', async () => {
      const topic = await bench.newTopic(2);
      const consumer = await bench.member(bench.unique('group'), topic);
      const paused = [{ topic, partition: 0 }];
      consumer.pause(paused);
      await bench.producer.send([...numbered(topic, 0, 3), ...numbered(topic, 1, 3, 10)]);
      expect((await collect(consumer, 3)).map(({ partition }) => partition)).toEqual([1, 1, 1]);
      expect(await consumer.poll(POLL)).toEqual([]);
      consumer.resume(paused);
      expect((await collect(consumer, 3)).map(({ value }) => value)).toEqual(['v0', 'v1', 'v2']);
    });

    it('notices partitions that are added', async () => {
      const topic = await bench.newTopic(1);
      const listener = new Assignments();
      const consumer = await bench.member(bench.unique('group'), topic, listener);
      await bench.admin.addPartitions(topic, 3);
      await waitFor(() => listener.held.length === 3, { what: 'the new partitions' });
      await bench.producer.send(numbered(topic, 2, 1));
      expect((await collect(consumer, 1)).at(-1)).toMatchObject({ partition: 2, value: 'v0' });
    });
  });
}
