import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { versionTypeOf, type Role } from '../../src/domain/lane.ts';
import { originSuffix } from '../../src/domain/origin.ts';
import { Settlement } from '../../src/domain/settlement.ts';
import { versionOf } from '../../src/domain/version.ts';
import { Batch, BatchPage } from '../../src/indexing/batch.ts';
import { BodyLimit, deliver } from '../../src/indexing/deliver.ts';
import { Gate } from '../../src/indexing/gate.ts';
import { Targets } from '../../src/indexing/targets.ts';
import type { RecordBlock } from '../../src/ports/record-log.ts';
import { ROUTING_TIME, THINGS_INDEX } from '../support/lane.ts';
import { MemorySearch } from '../support/memory-search.ts';

type Writer = Role | 'backfill';
interface Write { readonly id: string; readonly sourceVersion: number; readonly epoch: number; readonly writer: Writer }

const PATTERNS = new Map([['things', { base: 'things', period: 'month' as const, schema: 1 }]]);
const BLOCK = { topic: 't', partition: 0 } as RecordBlock;
const gate = () => new Gate({ clock: systemClock, random: () => 0, retryMinMs: 1, retryMaxMs: 1, probeMs: 1 });

/** Writes of one writer, as one batch, through the real batch and delivery. */
async function write(search: MemorySearch, writes: readonly Write[]): Promise<void> {
  const writer = (writes[0] as Write).writer;
  const settlement = new Settlement();
  settlement.assign([BLOCK]);
  const target = new Targets(PATTERNS, versionTypeOf(writer)).of('things', ROUTING_TIME);
  if (target === null) throw new Error('no target');
  const batch = new Batch('b', { at: 0, tick: 0 }, new BatchPage(64 * 1024, 64), originSuffix({ role: writer, code: 'test', host_group: 'g' }));
  batch.enter(settlement, { block: BLOCK, assignment: settlement.assignmentOf(BLOCK) as number }, 0);
  writes.forEach(({ id, sourceVersion, epoch }, at) => {
    const version = versionOf(sourceVersion, epoch);
    batch.append({ operation: 'index', target, id: Buffer.from(id), idAt: 0, version, value: Buffer.from(`{"content":"${id} ${version}"}`), sourceTime: 0, ingestTime: 0 }, at, 0);
  });
  await deliver(batch, { sink: search, gate: gate(), limit: new BodyLimit(), clock: systemClock, timeoutMs: 1_000, rejected: 'outcome' }, new AbortController().signal);
}

const writes = fc.array(fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  sourceVersion: fc.integer({ min: 0, max: 5 }),
  epoch: fc.integer({ min: 0, max: 2 }),
  writer: fc.constantFrom<Writer>('primary', 'secondary', 'backfill'),
}), { minLength: 1, maxLength: 20 });

describe('versions', () => {
  it('end in the same documents after any permutation, duplication and interleaving of primary, secondary and backfill', async () => {
    await fc.assert(fc.asyncProperty(writes, fc.infiniteStream(fc.nat()), async (history, picks) => {
      const search = new MemorySearch();
      const queue = [...history, ...history.filter((_, at) => at % 3 === 0)];
      while (queue.length > 0) {
        const first = queue.splice((picks.next().value as number) % queue.length, 1)[0] as Write;
        const together = queue.filter((candidate) => candidate.writer === first.writer).slice(0, (picks.next().value as number) % 4);
        for (const each of together) queue.splice(queue.indexOf(each), 1);
        await write(search, [first, ...together]);
      }
      for (const id of new Set(history.map((each) => each.id))) {
        const newest = Math.max(...history.filter((each) => each.id === id).map((each) => versionOf(each.sourceVersion, each.epoch)));
        expect(search.document(THINGS_INDEX, id)).toMatchObject({ version: newest, source: { content: `${id} ${newest}` } });
      }
    }), { numRuns: 200 });
  });

  it('let a corrected document beat replays of older code, and a newer event beat it', async () => {
    const search = new MemorySearch();
    const at = (sourceVersion: number, epoch: number, writer: Writer): Write => ({ id: 'a', sourceVersion, epoch, writer });
    await write(search, [at(10, 0, 'primary')]);
    await write(search, [at(10, 1, 'backfill')]);
    await write(search, [at(10, 0, 'primary')]);
    expect(search.document(THINGS_INDEX, 'a')?.version).toBe(versionOf(10, 1));
    await write(search, [at(11, 0, 'primary')]);
    expect(search.document(THINGS_INDEX, 'a')?.version).toBe(versionOf(11, 0));
  });
});
