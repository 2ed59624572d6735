import { createRecordsBatch } from '@platformatic/kafka';
import { RecordDecoder } from '../src/adapters/kafka/platformatic/record-decoder.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { configSchema } from '../src/config/schema.ts';
import type { Period } from '../src/domain/index-name.ts';
import { originSuffix } from '../src/domain/origin.ts';
import { Settlement } from '../src/domain/settlement.ts';
import { Batcher } from '../src/indexing/batcher.ts';
import { OperationReader } from '../src/indexing/operation-reader.ts';
import { Targets } from '../src/indexing/targets.ts';
import type { RecordBlock } from '../src/ports/record-log.ts';
import { benchDocuments, recordOf } from './documents.ts';
import { BENCH_PIPELINE } from './events.ts';
import { median, rounded } from './statistics.ts';

const RECORDS_PER_BATCH = 1_000;
const BATCHES = 20;
const POLL_BYTES = 4_000_000;
const ROUNDS = 9;
/** Until the code is compiled. */
const WARM_UP_ROUNDS = 9;
const DAY_MS = 86_400_000;

/** CPU of the lane's hot path without any server: record batches → operations → bulk bodies, µs a record (CPU-s a million). */
export async function benchHotPath(): Promise<Record<string, unknown>> {
  const raw = Object.fromEntries(await Promise.all((['none', 'lz4'] as const).map(async (compression) => [compression, await encoded(compression)] as const)));
  const figures: Record<string, number> = {};
  for (const [compression, bytes] of Object.entries(raw)) {
    figures[`decode_${compression}`] = measure(() => { for (const block of blocksOf(bytes)) void block.count; });
    figures[`decodeAndBuild_${compression}`] = measure(() => build(blocksOf(bytes), 'month'));
  }
  return { bench: 'hot-path', microsecondsPerRecord: figures };
}

/** The same for documents that fall into so many daily indices, in turn, from `firstDay` (epoch ms) on. */
export async function routingMicroseconds(indices: number, firstDay: number): Promise<number> {
  const bytes = await encoded('none', (number) => firstDay + (number % indices) * DAY_MS);
  return measure(() => build(blocksOf(bytes), 'day'));
}

async function encoded(compression: 'none' | 'lz4', routingTimeOf?: (number: number) => number): Promise<Buffer> {
  const document = await benchDocuments();
  const batches = Array.from({ length: BATCHES }, (_, batch) => {
    const messages = Array.from({ length: RECORDS_PER_BATCH }, (_unused, at) => {
      const { topic, key, value, headers } = recordOf('', document(batch * RECORDS_PER_BATCH + at), Date.now(), routingTimeOf?.(batch * RECORDS_PER_BATCH + at));
      return { topic, key: key as Buffer, value: value as Buffer, headers: new Map([...(headers ?? [])].map(([name, bytes]) => [Buffer.from(name), bytes])), timestamp: BigInt(Date.now()) };
    });
    const bytes = Buffer.from(createRecordsBatch(messages as never, { compression }).buffer);
    bytes.writeBigInt64BE(BigInt(batch * RECORDS_PER_BATCH), 0);
    return bytes;
  });
  return Buffer.concat(batches);
}

function* blocksOf(bytes: Buffer): Generator<RecordBlock> {
  const decoder = new RecordDecoder({ topic: 't', partition: 0, bytes, fetchOffset: 0, highWatermark: BATCHES * RECORDS_PER_BATCH, aborted: [] });
  for (let block = decoder.take(POLL_BYTES, true); block !== null; block = decoder.take(POLL_BYTES, true)) yield block;
}

function build(blocks: Iterable<RecordBlock>, period: Period): void {
  const { batchBytes, batchOperations, batchAgeMs, maxDocumentBytes } = configSchema.shape.processor.parse({});
  const settlement = new Settlement();
  settlement.assign([{ topic: 't', partition: 0 }]);
  const pipelineOf = () => BENCH_PIPELINE;
  const reader = new OperationReader({ targets: new Targets(new Map([[BENCH_PIPELINE, { base: BENCH_PIPELINE, period, schema: 1 }]]), 'external_gte'), pipelineOf, maxDocumentBytes });
  const batcher = new Batcher({ batchBytes, batchOperations, batchAgeMs, limits: () => ({ operations: batchOperations, bytes: batchBytes }), suffix: originSuffix({ role: 'primary', code: 'bench', host_group: 'default' }), pipelineOf, newBatchId: () => 'b', clock: systemClock, heartbeats: { lane: 'west-west', cluster: 'west', destination: 'west', host: 'bench', origin: { role: 'primary', code: 'bench', host_group: 'default' }, now: () => 0 } }, reader, settlement);
  for (const block of blocks) for (const batch of batcher.add({ block, assignment: settlement.assignmentOf(block) as number })) batcher.recycle(batch);
}

function measure(run: () => void): number {
  const figures: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) figures.push((user + system) / (BATCHES * RECORDS_PER_BATCH));
  }
  return rounded(median(figures), 2);
}
