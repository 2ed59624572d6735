import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { liveness, marked, readiness, type HealthPart, type Mark } from '../../src/observability/health.ts';
import { startHealthServer, type HealthServer } from '../../src/observability/health-server.ts';
import { combined, createRegistry, processRegistry } from '../../src/observability/metrics.ts';

describe('liveness', () => {
  const after = (samples: readonly [at: number, count: number, hasWork: boolean][]): Map<string, Mark> => {
    let mark: Mark | undefined;
    for (const [at, count, hasWork] of samples) mark = marked(mark, { count, hasWork }, at);
    return new Map(mark === undefined ? [] : [['lane', mark]]);
  };

  it('fails when there is work and nothing moved for too long', () => {
    const verdict = liveness(after([[0, 5, true], [1_000, 5, true], [61_000, 5, true]]), 61_000, 60_000);
    expect(verdict).toEqual({ ok: false, reasons: ['lane has work and made no progress for 61 s'] });
  });

  it('holds while idle, however long', () => {
    expect(liveness(after([[0, 5, false], [1_000_000, 5, false]]), 1_000_000, 60_000).ok).toBe(true);
  });

  it('begins to count when work arrives, not when the last piece was done', () => {
    expect(liveness(after([[0, 5, false], [100_000, 5, true]]), 150_000, 60_000).ok).toBe(true);
  });

  it('always holds when every sample moved on', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(100_000), fc.boolean()), { minLength: 1 }), (steps) => {
      let at = 0;
      const samples = steps.map(([gap, hasWork], count): [number, number, boolean] => [(at += gap), count, hasWork]);
      return liveness(after(samples), at, 0).ok;
    }));
  });
});

describe('readiness', () => {
  it('names the part and the reason', () => {
    const part: HealthPart = { name: 'west-east', progress: () => ({ count: 0, hasWork: false }), notReady: () => ['held: index is write-blocked'], status: () => ({}) };
    expect(readiness([part], 'running')).toEqual({ ok: false, reasons: ['west-east: held: index is write-blocked'] });
    expect(readiness([], 'draining')).toEqual({ ok: false, reasons: ['the process is draining'] });
  });
});

describe('the health server', () => {
  let server: HealthServer | undefined;
  afterEach(() => server?.close());

  async function started(now: () => number, registry: Registry = new Registry()): Promise<HealthServer> {
    const clock = { now, monotonic: now, sleep: () => Promise.resolve() };
    server = await startHealthServer({ host: '127.0.0.1', port: 0, metrics: registry, clock, stallMs: 1_000, about: { service: 'test' } });
    return server;
  }

  it('tells a stalled process from a live one', async () => {
    let now = 0;
    const { url, register } = await started(() => now);
    register({ name: 'part', progress: () => ({ count: 1, hasWork: true }), notReady: () => [], status: () => ({}) });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    now = 2_000;
    const answer = await fetch(`${url}/livez`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ ok: false, reasons: [expect.stringContaining('part has work')] });
  });

  it('is ready only between start and drain', async () => {
    const { url, phase } = await started(() => 0);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    phase('running');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    phase('draining');
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });

  it('serves metrics with the labels of the process, and its status without secrets', async () => {
    const { url, register } = await started(() => 0, processRegistry({ service: 'test' }));
    register({ name: 'part', progress: () => ({ count: 1, hasWork: false }), notReady: () => [], status: () => ({ password: 'hunter2', lag: 3 }) });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/nodejs_eventloop_lag_p99_seconds\{.*service="test".*\}/);
    expect(await (await fetch(`${url}/status`)).json()).toMatchObject({ service: 'test', parts: { part: { lag: 3, password: '[redacted]' } } });
  });

  it('shows the same metric of several lanes side by side, under one heading', async () => {
    const lanes = ['west-west', 'west-east'].map((lane) => createRegistry({ lane }));
    for (const [index, registry] of lanes.entries()) {
      new Counter({ name: 'sluice_records_total', help: 'records', registers: [registry] }).inc(index + 1);
      new Histogram({ name: 'sluice_seconds', help: 'seconds', registers: [registry], buckets: [1] }).observe(index);
    }
    const text = await combined(lanes).metrics();
    expect(text.match(/# TYPE sluice_records_total/g)).toHaveLength(1);
    expect(text).toContain('sluice_records_total{lane="west-west"} 1');
    expect(text).toContain('sluice_records_total{lane="west-east"} 2');
    expect(text).toContain('sluice_seconds_bucket{le="+Inf",lane="west-east"} 1');
  });

  it('refuses other pages and methods', async () => {
    const { url } = await started(() => 0);
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    expect((await fetch(`${url}/livez`, { method: 'POST' })).status).toBe(405);
  });
});
