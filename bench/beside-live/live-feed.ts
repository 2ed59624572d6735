import { setTimeout as sleep } from 'node:timers/promises';
import { sourceTopicOf } from '../../src/domain/pipeline.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import { BENCH_PIPELINE } from '../events.ts';
import type { LiveStory } from './story.ts';

/** Events are sent in this rhythm, ms. */
const TICK_MS = 20;
/** Events of one sending while servers and processes are warmed up. */
const BURST = 1_000;

/** Sends so many events as fast as the broker takes them. */
export async function sendAtOnce(source: RecordLog, prefix: string, story: LiveStory, count: number): Promise<void> {
  const producer = source.producer({ compression: 'none', deliveryTimeoutMs: 60_000 });
  const topic = sourceTopicOf(prefix, BENCH_PIPELINE);
  for (let left = count; left > 0; left -= BURST) await producer.send(story.next(Math.min(BURST, left)).map(({ key, value }) => ({ topic, key, value })));
  await producer.close();
}

/** Sends events in even steps until the signal fires; each carries the moment of its sending as the record's timestamp. */
export async function feedLive(source: RecordLog, prefix: string, story: LiveStory, perSecond: number, signal: AbortSignal): Promise<void> {
  const producer = source.producer({ compression: 'none', deliveryTimeoutMs: 60_000 });
  const topic = sourceTopicOf(prefix, BENCH_PIPELINE);
  const began = performance.now();
  const before = story.sent;
  const open = new Set<Promise<void>>();
  let failure: unknown = null;
  while (!signal.aborted && failure === null) {
    const due = before + Math.floor(((performance.now() - began) / 1_000) * perSecond) - story.sent;
    if (due > 0) {
      const send: Promise<void> = producer.send(story.next(due).map(({ key, value }) => ({ topic, key, value, timestamp: Date.now() }))).catch((error: unknown) => { failure ??= error; }).finally(() => open.delete(send));
      open.add(send);
    }
    await sleep(TICK_MS);
  }
  await Promise.all(open);
  await producer.close();
  if (failure !== null) throw failure as Error;
}
