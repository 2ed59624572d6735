import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { encodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import type { LaneStatus } from '../../src/indexing/status.ts';
import { openRegionLog, openRegionSearch } from '../../src/main/connections.ts';
import type { OutgoingRecord } from '../../src/ports/record-log.ts';
import { guardSearch } from '../../src/rate/guard-search.ts';
import type { RateControl } from '../../src/rate/rate-control.ts';
import { SearchGuard } from '../../src/rate/search-guard.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { sluiceJson, startProcess, type SluiceProcess } from '../support/processes.ts';
import { freeRate } from '../support/rate.ts';
import { waitFor } from '../support/stack.ts';

const ROUTING_TIME = Date.UTC(2026, 10, 15);

describe('the rate on real servers', () => {
  let site: Installation;
  let lane: SluiceProcess | null = null;

  beforeEach(async () => { site = await install(); });
  afterEach(async () => {
    await lane?.end('SIGKILL');
    await site.remove();
  });

  async function sluice(...args: string[]): Promise<Record<string, unknown>> {
    const { code, out } = await sluiceJson(site.configFile, args);
    expect(code, JSON.stringify(out)).toBe(0);
    return out;
  }

  async function status(): Promise<LaneStatus> {
    const body = (await (await fetch(new URL('/status', lane?.url))).json()) as { parts: Record<string, LaneStatus> };
    return Object.values(body.parts)[0] as LaneStatus;
  }

  async function send(count: number): Promise<void> {
    const producer = openRegionLog(site.config, 'west', SILENT).producer({ compression: 'lz4', deliveryTimeoutMs: 30_000 });
    await producer.send(Array.from({ length: count }, (_, at): OutgoingRecord => {
      const envelope = encodeEnvelope({ operation: 'index', schema: 1, version: 1, routingTime: ROUTING_TIME, sourceTime: Date.now(), ingestTime: Date.now(), pipeline: 'sold-items', id: `id-${at}` });
      return { topic: regionalTopicOf(site.config.prefix, 'sold-items'), key: Buffer.from(`id-${at}`), value: Buffer.from('{"title":"x","deleted":false}'), headers: new Map([[ENVELOPE_HEADER, envelope]]) };
    }));
    await producer.close();
  }

  it('is set, paused and cleared while a lane runs, and holds for its share', async () => {
    expect(await sluice('rate', 'pause', 'west')).toMatchObject({ ok: true, policy: { documentsPerSecond: 0 } });
    await send(500);
    lane = await startProcess(site.configFile, ['process', '--lane', 'west-west']);
    await waitFor(async () => (await status()).rate.waiting > 0, { what: 'a batch that waits for its turn' });
    expect((await status()).counts).toMatchObject({ applied: 0 });
    expect(await sluice('rate', 'set', 'west', '--documents', '3000', '--search-factor', 'off')).toMatchObject({ ok: true });
    await waitFor(async () => (await status()).counts.applied === 500, { what: '500 documents under the new cap' });
    // This host owns every partition of one of the two lanes that write to the region.
    expect((await status()).rate).toMatchObject({ caps: { documentsPerSecond: 3_000 }, share: { documentsPerSecond: 1_500 } });
    await sluice('rate', 'clear', 'west');
    await waitFor(async () => (await status()).rate.share.documentsPerSecond === null, { what: 'the cap to be gone' });
  });

  it('of a lane is limited by a guard that reads real searches', async () => {
    const search = openRegionSearch(site.config, 'west');
    const [control, ended] = [freeRate(site.config.processor), new AbortController()];
    const problems: string[] = [];
    const guard = new SearchGuard({ factor: 1.5, baselineMs: null, tail: 3 });
    const guarding = guardSearch({ cluster: search, clock: systemClock, guard, control, intervalMs: 1_000, onProblem: (problem) => problems.push(problem) }, ended.signal);
    // Whoever has less to send than it may is not stopped for a look.
    const sending = sendAll(control, ended.signal);
    await waitFor(async () => {
      await Promise.all(Array.from({ length: 10 }, () => site.search('west', `${site.config.prefix}sold-items-*`)));
      return guard.baselineMs !== null && control.status().guard !== null;
    }, { timeoutMs: 180_000, what: 'a baseline' });
    ended.abort();
    await Promise.all([guarding, sending]);
    await search.close();
    expect(problems).toEqual([]);
  });
});

/** A lane with more to send than it may. */
async function sendAll(control: RateControl, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await breathe()) await control.take(50, 50, signal).catch(() => undefined);
}
