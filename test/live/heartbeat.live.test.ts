import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LaneDay } from '../../src/heartbeat/report.ts';
import { install, type Installation } from '../support/live.ts';
import { runSluice, startProcess, type SluiceProcess } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

const LANES = ['west-west', 'west-east', 'east-west', 'east-east'];

describe('heartbeats', () => {
  let site: Installation;
  let processes: SluiceProcess[];

  beforeEach(async () => {
    processes = [];
    site = await install({ heartbeats: { everyMs: 1_000 } });
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')));
    await site.remove();
  });

  async function start(...args: readonly string[]): Promise<SluiceProcess> {
    const started = await startProcess(site.configFile, args);
    processes.push(started);
    return started;
  }
  /** Distinct source partitions whose heartbeats a lane indexed whole. */
  async function partitionsOf(lane: string): Promise<Set<unknown>> {
    const found = await site.search(lane.split('-')[1] as string, `${site.config.prefix}sluice-heartbeats`, { bool: { filter: [{ term: { lane } }, { exists: { field: 'latency_ms' } }] } });
    return new Set(found.map(({ source }) => source['partition']));
  }
  async function report(): Promise<Map<string, LaneDay>> {
    const { code, out, err } = await runSluice(site.configFile, ['heartbeats', '--since', '2m', '--json']);
    expect(code, err).toBe(0);
    return new Map((JSON.parse(out) as { days: LaneDay[] }).days.map((day) => [day.lane, day]));
  }

  it('reach every partition of every lane with ingest, and tell of a lane that is gone; search never sees them', async () => {
    const lanes = new Map<string, SluiceProcess>();
    for (const lane of LANES) lanes.set(lane, await start('process', '--lane', lane));
    await start('ingest');
    for (const lane of LANES) await waitFor(async () => (await partitionsOf(lane)).size === 4, { timeoutMs: 60_000, what: `heartbeats of all partitions in ${lane}` });
    await lanes.get('east-west')?.end('SIGKILL');
    const days = await waitFor(async () => { const found = await report(); return (found.get('east-west')?.lost ?? 0) > 8 ? found : null; }, { timeoutMs: 90_000, what: 'the dead lane to lose heartbeats' });
    expect(days.get('west-west')).toMatchObject({ latency: { p50: expect.any(Number) as number, p99: expect.any(Number) as number }, slowest: expect.any(String) as string });
    expect(days.get('west-west')?.lost).toBeLessThan(5);
    expect(await site.search('west', `${site.config.prefix}sold-items*`)).toEqual([]);
    expect(await site.search('west', `${site.config.prefix}sluice-failures`)).toEqual([]);
    const shown = await runSluice(site.configFile, ['heartbeats']);
    expect([shown.code, shown.out], shown.err).toEqual([0, expect.stringMatching(/availability[\s\S]*east-west[\s\S]*settle/) as string]);
  });

  it('come from outside as well', async () => {
    await start('process', '--lane', 'west-west');
    await start('ingest');
    await waitFor(async () => {
      const sent = await runSluice(site.configFile, ['heartbeat', '--once', '--json']);
      expect([sent.code, JSON.parse(sent.out)], sent.err).toEqual([0, { sent: 4 }]);
      return true;
    }, { what: 'a heartbeat to each partition' });
    const injector = await start('heartbeat');
    await waitFor(async () => ((await (await fetch(`${injector.url}/status`)).json()) as { parts: { heartbeat: { sent: number } } }).parts.heartbeat.sent >= 8, { what: 'the injector to send' });
    expect(await injector.end('SIGTERM')).toBe(0);
    await waitFor(async () => new Set((await site.search('west', `${site.config.prefix}sluice-heartbeats`)).map(({ source }) => source['emitter'])).size >= 3, { what: 'heartbeats of three emitters' });
  });
});
