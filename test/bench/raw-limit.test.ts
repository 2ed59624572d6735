import { describe, expect, it } from 'vitest';
import { documentsFrom, indexOf, recordOf } from '../../bench/documents.ts';
import { bestShape, rawBodies, shapeOf, type RawShape } from '../../bench/raw-limit.ts';
import { ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { originSuffix } from '../../src/domain/origin.ts';
import { Settlement } from '../../src/domain/settlement.ts';
import { Batch, BatchPage } from '../../src/indexing/batch.ts';
import { OperationReader } from '../../src/indexing/operation-reader.ts';
import { Targets } from '../../src/indexing/targets.ts';
import type { RecordBlock } from '../../src/ports/record-log.ts';

const PREFIX = 'bench-1.';
const COUNT = 20;
const ORIGIN = originSuffix({ role: 'primary', code: '0.1.0', host_group: 'default' });

describe('the raw limit', () => {
  it('posts byte by byte what the lane sends', async () => {
    const { pipeline, of } = await documentsFrom(undefined);
    const raw = rawBodies(of, COUNT, (number) => indexOf(PREFIX, pipeline, of(number).routingTime), COUNT, ORIGIN.toString());
    const records = Array.from({ length: COUNT }, (_, number) => recordOf(PREFIX, of(number), 0));
    const block: RecordBlock = {
      topic: 'documents', partition: 0, count: COUNT, bytes: 0, nextOffset: COUNT, highWatermark: COUNT,
      offset: (at) => at, timestamp: () => 0, key: (at) => records[at]?.key ?? null, value: (at) => records[at]?.value ?? null,
      header: (at) => records[at]?.headers?.get(ENVELOPE_HEADER) ?? null,
    };
    const targets = new Targets(new Map([[pipeline.name, { base: PREFIX + pipeline.name, period: pipeline.index.period, schema: pipeline.schema }]]), 'external_gte');
    const reader = new OperationReader({ targets, pipelineOf: () => pipeline.name, maxDocumentBytes: 1e6 });
    const settlement = new Settlement();
    settlement.assign([block]);
    const batch = new Batch('batch', { at: 0, tick: 0 }, new BatchPage(1e6, COUNT), ORIGIN);
    batch.enter(settlement, { block, assignment: settlement.assignmentOf(block) as number }, 0);
    for (let at = 0; at < COUNT; at += 1) {
      expect(reader.read(block, at)).toBeNull();
      batch.append(reader.current, at, 0);
    }
    expect(batch.body.subarray(0, batch.length).toString()).toBe(raw[0]?.toString());
  });

  it('cuts the documents into bodies of so many operations', async () => {
    const { of } = await documentsFrom(undefined);
    const bodies = rawBodies(of, 25, () => 'sales', 10);
    expect(bodies.map((body) => body.toString().trimEnd().split('\n').length / 2)).toEqual([10, 10, 5]);
  });

  it.each([['5000x3', { operations: 5_000, connections: 3 }], ['5000', undefined], ['0x3', undefined], ['', undefined]])('takes %j as a shape: %j', (text, shape) => {
    expect(shapeOf(text)).toEqual(shape);
  });

  it('is taken at the fastest shape: the best size first, then the best number of connections for it', async () => {
    const asked: RawShape[] = [];
    const best = await bestShape(async (shape) => {
      asked.push(shape);
      return shape.operations === 2_000 ? 10 + shape.connections : 1;
    });
    expect(best).toEqual({ operations: 2_000, connections: 6 });
    expect(asked.slice(-2).every(({ operations }) => operations === 2_000)).toBe(true);
  });
});
