import { pino } from 'pino';
import type { Config } from '../src/config/schema.ts';
import { openRegionLog } from '../src/main/connections.ts';
import type { BenchDocument } from './documents.ts';
import { recordOf } from './documents.ts';

const SEND_RECORDS = 2_000;
const SENDS_AT_ONCE = 4;

/** Fills a region's topic with the first `count` bench documents, as ingest would have written them. */
export async function fillTopic(config: Config, region: string, document: (number: number) => BenchDocument, count: number): Promise<void> {
  const producer = openRegionLog(config, region, pino({ level: 'silent' })).producer({ compression: 'lz4', deliveryTimeoutMs: 60_000 });
  const now = Date.now();
  const sends = new Set<Promise<void>>();
  for (let from = 0; from < count; from += SEND_RECORDS) {
    const records = Array.from({ length: Math.min(SEND_RECORDS, count - from) }, (_, at) => recordOf(config.prefix, document(from + at), now));
    const send: Promise<void> = producer.send(records).finally(() => sends.delete(send));
    sends.add(send);
    if (sends.size >= SENDS_AT_ONCE) await Promise.race(sends);
  }
  await Promise.all(sends);
  await producer.close();
}
