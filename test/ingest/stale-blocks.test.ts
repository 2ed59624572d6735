import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { assemble } from '../../src/ingest/assemble.ts';
import type { AssignmentListener, RecordBlock, RecordConsumer, RecordLog, RecordReader } from '../../src/ports/record-log.ts';
import { lookups, memoryClusters, numbered, REGIONAL_TOPIC, SOURCE_TOPIC, startIngest, things, type TestEvent } from '../support/ingest-harness.ts';
import { memoryBlock } from '../support/memory-block.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import { until } from '../support/until.ts';

const P0 = { topic: SOURCE_TOPIC, partition: 0 };
const P1 = { topic: SOURCE_TOPIC, partition: 1 };
const SETTINGS = { lingerMs: 0, retryMs: 60_000, commitIntervalMs: 60_000, deliveryTimeoutMs: 60_000 };

function blockOf(partition: number, from: number, events: readonly TestEvent[]): RecordBlock {
  const records = events.map((event, at) => ({ topic: SOURCE_TOPIC, partition, offset: from + at, timestamp: 0, key: null, value: Buffer.from(JSON.stringify(event)), headers: new Map<string, Buffer>() }));
  return memoryBlock(SOURCE_TOPIC, partition, records, from + records.length, 100);
}

/** The first block has to wait for a lookup; what follows it in the same fetch has its turn only then. */
const WAITING = blockOf(0, 0, [{ id: 'waiting', version: 1, do: 'slow' }]);
const FOLLOWING = blockOf(1, 10, numbered(10, 'following'));

/** Hands the blocks out, and tells when each of them and all of them have been carried. */
function scripted(onFirst: () => void): { blocks: readonly RecordBlock[]; carried: () => boolean } {
  let carried = false;
  const blocks = Object.assign([WAITING, FOLLOWING], {
    *[Symbol.iterator]() {
      setImmediate(onFirst);
      yield WAITING;
      yield FOLLOWING;
      carried = true;
    },
  });
  return { blocks, carried: () => carried };
}

it('a region that is cut loose while it catches up takes no block that begins above where it was set back to', async () => {
  const { source, regions } = memoryClusters();
  (regions.get('west') as MemoryLog).stall();
  const script = scripted(() => writer.cut('unavailable', 'gone'));
  let polls = 0;
  const reader: RecordReader = { seek: () => {}, drop: () => {}, close: async () => {}, poll: async () => (polls++ === 0 ? script.blocks as RecordBlock[] : []) };
  const log: RecordLog = { consumer: (options) => source.consumer(options), producer: (options) => source.producer(options), admin: () => source.admin(), reader: () => reader };
  const machine = assemble({
    source: log, regions, pipelines: [things], lookups, clock: systemClock, registry: new Registry(), log: pino({ level: 'silent' }),
    settings: configSchema.shape.ingest.parse(SETTINGS), host: 'h', prefix: 't.', sourceCluster: 'source',
  }, () => {});
  const { writer, catchUp } = machine.regions[0] as (typeof machine.regions)[number];
  for (const partition of [P0, P1]) {
    machine.heads.place({ ...partition, offset: 100, assignment: 1 });
    writer.state.assign({ ...partition, offset: 0, assignment: 1 });
  }
  // Queued, and never acknowledged: this is what the cut sets the region back by.
  writer.state.queue({ ...P1, assignment: 1, from: 0, next: 10, lastTime: null });
  const stop = new AbortController();
  const running = catchUp.run(stop.signal);
  await until(() => expect(script.carried()).toBe(true));
  expect(writer.state.position(P1)).toMatchObject({ settled: 0, next: 0 });
  stop.abort();
  await running;
});

it('a partition that goes and comes back takes no block that came under the assignment before', async () => {
  const { source, regions } = memoryClusters();
  await source.admin().setCommitted('t.sluice.ingest.west', [{ ...P1, offset: 10 }]);
  await source.admin().setCommitted('t.sluice.ingest.east', [{ ...P1, offset: 10 }]);
  let listener: AssignmentListener | null = null;
  const script = scripted(() => {
    listener?.revoked([P1]);
    // Somebody else had it meanwhile, and a region was set back there.
    void Promise.all(['west', 'east'].map((region) => source.admin().setCommitted(`t.sluice.ingest.${region}`, [{ ...P1, offset: 0 }]))).then(() => listener?.assigned([P1]));
  });
  const inner = source.consumer({ group: 'nobody', topics: [], from: 'earliest' });
  let ready = false;
  const consumer: RecordConsumer = {
    start: async (given) => { listener = given; given.assigned([P0, P1]); },
    poll: async () => {
      await new Promise((resolve) => { setTimeout(resolve, 1); });
      if (ready || ingest.status().regions.some(({ partitions }) => partitions.length < 2)) return [];
      ready = true;
      return script.blocks as RecordBlock[];
    },
    commit: async () => {}, seek: () => {}, pause: () => {}, resume: () => {}, health: () => inner.health(), close: async () => {},
  };
  const log: RecordLog = { consumer: () => consumer, producer: (options) => source.producer(options), admin: () => source.admin(), reader: () => source.reader() };
  const { ingest } = startIngest({ source: log, regions }, SETTINGS);
  await until(() => expect(script.carried()).toBe(true));
  await until(() => expect(positions(ingest)).toEqual([0, 0]));
  for (const region of regions.values()) expect(region.records(REGIONAL_TOPIC).filter(({ partition }) => partition === 1)).toEqual([]);
  await ingest.close();
});

/** Where each region stands in the second partition. */
function positions(ingest: ReturnType<typeof startIngest>['ingest']): (number | undefined)[] {
  return ingest.status().regions.map(({ partitions }) => partitions.find(({ partition }) => partition === 1)?.next);
}
