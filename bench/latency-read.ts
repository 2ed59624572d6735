import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Config } from '../src/config/schema.ts';
import { decodeEnvelope, ENVELOPE_HEADER, type Envelope } from '../src/domain/envelope.ts';
import { regionalTopicOf } from '../src/domain/pipeline.ts';
import { BATCHES_INDEX } from '../src/domain/system-names.ts';
import { openRegionLog, openRegionSearch } from '../src/main/connections.ts';
import type { Child } from './child.ts';
import { BENCH_PIPELINE as PIPELINE } from './events.ts';
import type { RegionalRecord, SettledRange } from './latency-figures.ts';

const MAX_BATCH_DOCUMENTS = 10_000;

/** Resolves when no lane among the processes has been behind for some seconds. */
export async function settled(children: readonly Child[], limitMs: number): Promise<void> {
  const limit = Date.now() + limitMs;
  const lanes = children.filter((child) => child.name.startsWith('process'));
  for (let quiet = 0; quiet < 3; ) {
    if (Date.now() > limit) throw new Error('the lanes did not settle');
    const lags = await Promise.all(lanes.map(lagOf));
    quiet = lags.every((lag) => lag === 0) ? quiet + 1 : 0;
    await sleep(1_500);
  }
}

async function lagOf(child: Child): Promise<number | null> {
  const metrics = await (await fetch(new URL('/metrics', child.url))).text();
  const lags = [...metrics.matchAll(/^sluice_lane_lag_records\{.*\} (\d+)/gm)].map((match) => Number(match[1]));
  return lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0);
}

/** The records of the regional topics whose envelopes are wanted. */
export async function regionalRecords(config: Config, wanted: (envelope: Envelope) => boolean = () => true): Promise<RegionalRecord[]> {
  const topic = regionalTopicOf(config.prefix, PIPELINE);
  const records: RegionalRecord[] = [];
  for (const source of Object.keys(config.regions)) {
    const log = openRegionLog(config, source, pino({ level: 'silent' }));
    const [reader, admin] = [log.reader(), log.admin()];
    const ends = new Map((await admin.ranges([topic])).filter((range) => range.latest > 0).map((range) => [range.partition, range.latest]));
    for (const partition of ends.keys()) reader.seek({ topic, partition, offset: 0 });
    while (ends.size > 0) {
      for (const block of await reader.poll({ maxBytes: 4_000_000, maxWaitMs: 500 })) {
        for (let at = 0; at < block.count; at += 1) {
          const envelope = decodeEnvelope(block.header(at, ENVELOPE_HEADER) as Buffer);
          if (envelope !== null && wanted(envelope)) records.push({ source, topic, partition: block.partition, offset: block.offset(at), envelope });
        }
        if (block.nextOffset >= (ends.get(block.partition) ?? 0)) ends.delete(block.partition);
      }
    }
    await Promise.all([reader.close(), admin.close()]);
  }
  return records;
}

interface BatchDetail { readonly end_time: string; readonly ranges: readonly { topic: string; partition: number; first: number; last: number }[] }

/** What the lanes have settled, when; what a backfill did is left out. */
export async function settledRanges(config: Config): Promise<SettledRange[]> {
  const ranges: SettledRange[] = [];
  for (const destination of Object.keys(config.regions)) {
    const search = openRegionSearch(config, destination);
    const alias = `${config.prefix}${BATCHES_INDEX}`;
    await search.call('POST', `/${alias}/_refresh`);
    const { body } = await search.call('POST', `/${alias}/_search`, { size: MAX_BATCH_DOCUMENTS, _source: ['source', 'detail'], query: { terms: { source: Object.keys(config.regions) } } });
    const hits = (body['hits'] as { hits: { _source: { source: string; detail: BatchDetail[] } }[] }).hits;
    for (const { _source: { source, detail } } of hits) {
      for (const batch of detail) for (const range of batch.ranges) ranges.push({ source, destination, ...range, at: Date.parse(batch.end_time) });
    }
    await search.close();
  }
  return ranges;
}
