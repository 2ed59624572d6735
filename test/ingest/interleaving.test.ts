import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import type { PartitionPosition, RecordLog, RecordLogAdmin } from '../../src/ports/record-log.ts';
import { emit, idsIn, jsonOf, memoryClusters, numbered, REGIONAL_TOPIC, SOURCE_TOPIC, type StartedIngest, startIngest } from '../support/ingest-harness.ts';
import type { MemoryLog } from '../support/memory-log.ts';

/** A slow enricher is waited for, however busy the machine is: an event that fails is no loss, but looks like one here. */
const SETTINGS = { deliveryTimeoutMs: 20, enrichTimeoutMs: 60_000 };

type Act = 'emit' | 'fail west' | 'fail east' | 'heal west' | 'heal east' | 'stall east' | 'expel' | 'restart' | 'second member' | 'pause';
const ACTS: readonly Act[] = ['emit', 'emit', 'emit', 'fail west', 'fail east', 'heal west', 'heal east', 'stall east', 'expel', 'restart', 'second member', 'pause', 'pause'];

const unavailable = new SluiceError('KAFKA_UNAVAILABLE', 'gone');
const tick = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 3); });

/** The source, with every commit of a region's position held against what that region has. */
function watched(source: MemoryLog, regions: Map<string, MemoryLog>, problems: string[]): RecordLog {
  const check = (group: string, positions: readonly PartitionPosition[]): void => {
    const region = group.slice(group.lastIndexOf('.') + 1);
    const held = new Set(idsIn(regions.get(region) as MemoryLog));
    for (const { partition, offset } of positions) {
      const missing = source.records(SOURCE_TOPIC).find((record) => record.partition === partition && record.offset < offset && !held.has(jsonOf(record).id as string));
      if (missing !== undefined) problems.push(`${region} committed ${offset} of ${partition} without ${missing.offset}`);
    }
  };
  const admin = (): RecordLogAdmin => {
    const inner = source.admin();
    return { ...inner, setCommitted: (group, positions) => { check(group, positions); return inner.setCommitted(group, positions); } };
  };
  return { consumer: (options) => source.consumer(options), reader: () => source.reader(), producer: (options) => source.producer(options), admin };
}

async function play(acts: readonly Act[]): Promise<void> {
  const { source, regions } = memoryClusters({ partitions: 2 });
  const [west, east] = [...regions.values()] as [MemoryLog, MemoryLog];
  const problems: string[] = [];
  const clusters = { source: watched(source, regions, problems), regions };
  let members: StartedIngest[] = [startIngest(clusters, SETTINGS)];
  let emitted = 0;
  let release = (): void => {};
  for (const act of acts) {
    switch (act) {
      case 'emit': await emit(source, numbered(40, 'thing', emitted).map((event, at) => (at % 10 === 0 ? { ...event, do: 'slow' } : event))); emitted += 40; break;
      case 'fail west': west.failProduce(unavailable); break;
      case 'fail east': east.failProduce(unavailable); break;
      case 'heal west': west.failProduce(null); break;
      case 'heal east': east.failProduce(null); release(); break;
      case 'stall east': release = east.stall(); break;
      case 'expel': source.expel('t.sluice.ingest'); break;
      case 'restart': await Promise.all(members.map(({ ingest }) => ingest.close())); members = [startIngest(clusters, SETTINGS)]; break;
      case 'second member': if (members.length < 3) members.push(startIngest(clusters, SETTINGS)); break;
      case 'pause': await tick(); break;
      default: act satisfies never;
    }
    await tick();
  }
  west.failProduce(null);
  east.failProduce(null);
  release();
  await expect.poll(async () => (await source.admin().committed('t.sluice.ingest', [SOURCE_TOPIC])).reduce((sum, { offset }) => sum + offset, 0)).toBe(emitted);
  await Promise.all(members.map(({ ingest }) => ingest.close()));
  await Promise.all(members.map(({ running }) => running));
  expect(problems).toEqual([]);
  expect([idsIn(west).length, idsIn(east).length]).toEqual([emitted, emitted]);
  expect(members.map(({ ingest }) => ingest.status().budget.inUseBytes)).toEqual(members.map(() => 0));
  expect(west.records(REGIONAL_TOPIC).length).toBeGreaterThanOrEqual(emitted);
}

describe('ingest as a whole', () => {
  it('loses nothing and commits nothing early, whatever happens in whatever order', { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...ACTS), { minLength: 5, maxLength: 25 }), play), { numRuns: 12, endOnFailure: true });
  });
});
