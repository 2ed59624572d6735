import { lanesBetween } from '../domain/lane.ts';
import { sendRecords } from '../inputs/send-records.ts';
import type { InputRecord } from '../inputs/record.ts';
import type { Pace } from '../inputs/pacing.ts';
import { openLagMeter } from '../main/lag-meter.ts';
import { openSource } from '../main/connections.ts';
import type { Run } from './run.ts';
import { untilSettled } from './settled.ts';

/** Gives up when nothing moves for this long, ms. */
const STALL_MS = 180_000;

/** Sends events to the source topics until they end or the run is stopped. */
export async function feedEvents(run: Run, records: AsyncIterable<InputRecord>): Promise<void> {
  const { config, clock, log, signal, options } = run;
  const producer = openSource(config, log).producer({ compression: config.ingest.compression, deliveryTimeoutMs: config.ingest.deliveryTimeoutMs });
  const pace: Pace = options.rate === 0 ? { kind: 'unlimited' } : { kind: 'rate', perSecond: options.rate };
  const before = run.sent;
  try {
    await sendRecords(records, { producer, clock, prefix: config.prefix, pace, signal, onProgress: (progress) => { run.sent = before + progress.records; } });
  } finally {
    await producer.close();
  }
}

/** Waits until every position has reached the end: the source's first, then each lane's. */
export async function untilAllSettled(run: Run): Promise<void> {
  const { config, clock, log, signal } = run;
  const regions = Object.keys(config.regions);
  const meter = openLagMeter(config, log);
  const options = { clock, signal, stallMs: STALL_MS };
  try {
    await untilSettled('ingest', async () => sum(await Promise.all(regions.map((region) => meter.ingest(region)))), options);
    await untilSettled('indexing', async () => sum(await Promise.all(lanesBetween(regions).map((lane) => meter.lane(lane)))), options);
  } finally {
    await meter.close();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
