import { describe, expect, it } from 'vitest';
import { Settlement } from '../../src/domain/settlement.ts';
import type { Received } from '../../src/indexing/batch.ts';
import { Batcher } from '../../src/indexing/batcher.ts';
import { OperationReader } from '../../src/indexing/operation-reader.ts';
import { Targets } from '../../src/indexing/targets.ts';
import type { Clock } from '../../src/ports/clock.ts';

const AGE = 20;

describe('when a batch is due', () => {
  it('is at once after a pause, then an interval after the batch before it', () => {
    const { batcher, received, wait } = workbench();
    add(batcher, received(0));
    expect(batcher.dueIn()).toBe(0);
    batcher.take();
    expect(batcher.dueIn()).toBeNull();
    expect(batcher.gatherMs()).toBe(AGE);
    wait(5);
    add(batcher, received(1));
    expect(batcher.dueIn()).toBe(AGE - 5);
    wait(AGE - 5);
    expect(batcher.dueIn()).toBe(0);
  });
});

function add(batcher: Batcher, received: Received): void {
  for (const full of batcher.add(received)) throw new Error(`${full.id} is full already`);
}

function workbench(): { batcher: Batcher; received: (offset: number) => Received; wait: (ms: number) => void } {
  let now = 1_000;
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const settlement = new Settlement();
  const partition = { topic: 'documents.things', partition: 0 };
  settlement.assign([partition]);
  const reader = new OperationReader({ targets: new Targets(new Map(), 'external'), pipelineOf: () => 'things', maxDocumentBytes: 1_000 });
  const batcher = new Batcher({ batchBytes: 4_096, batchOperations: 10, batchAgeMs: AGE, limits: () => ({ operations: 10, bytes: 4_096 }), suffix: Buffer.from('}'), pipelineOf: () => 'things', newBatchId: () => 'batch', clock, heartbeats: { lane: 'west-west', cluster: 'west', destination: 'west', host: 'h', origin: { role: 'primary', code: 't', host_group: 'g' }, now: () => 0 } }, reader, settlement);
  const received = (offset: number): Received => ({
    assignment: settlement.assignmentOf(partition) as number,
    block: { ...partition, count: 1, bytes: 1, nextOffset: offset + 1, highWatermark: offset + 1, offset: () => offset, timestamp: () => 0, key: () => null, value: () => null, header: () => null },
  });
  return { batcher, received, wait: (ms) => { now += ms; } };
}
