import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { failureRoutes } from '../../../src/control/rest/failure-routes.ts';
import { RedriveRuns } from '../../../src/control/rest/redrive-runs.ts';
import { createRouter, MAX_BODY_BYTES } from '../../../src/control/rest/router.ts';
import { startHealthServer, type HealthServer } from '../../../src/observability/health-server.ts';
import { fail, failAtIngest, failureIn, INDEX, redriveHarness, type RedriveHarness } from '../../support/redrive-harness.ts';
import { waitFor } from '../../support/wait.ts';

interface Answer { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }

const open: (() => Promise<void>)[] = [];
afterEach(async () => { for (const close of open.splice(0)) await close(); });

async function serve(): Promise<{ harness: RedriveHarness; server: HealthServer; ask: (method: string, path: string, body?: unknown) => Promise<Answer> }> {
  const harness = await redriveHarness();
  const runs = new RedriveRuns({ newId: harness.parts.newId, now: () => Date.now() });
  const server = await startHealthServer({
    host: '127.0.0.1', port: 0, clock: systemClock, stallMs: 1_000, about: {}, metrics: { contentType: 'text/plain', metrics: async () => 'sluice_up 1' },
    handle: createRouter({ routes: failureRoutes(harness.parts, runs), under: '/v1/', loopback: true }),
  });
  open.push(async () => { await runs.close(); await server.close(); });
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(server.url + path, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown>, headers: response.headers };
  };
  return { harness, server, ask };
}

const good = Buffer.from('{"title":"a"}');

describe('failures over REST', () => {
  it('are listed, counted and shown by the same conditions as on the command line', async () => {
    const { harness, ask } = await serve();
    const id = await fail(harness.west, { offset: 1 });
    await fail(harness.east, { offset: 2, error: { type: 'other', reason: 'something else' } });
    expect((await ask('GET', '/v1/failures?type=document_parsing_exception&state=open&state=discarded')).body).toMatchObject({ total: 1, failures: [{ id, region: 'west', state: 'open' }], problems: [] });
    expect((await ask('GET', '/v1/failures?text=something')).body).toMatchObject({ total: 1, failures: [{ region: 'east' }] });
    expect((await ask('GET', '/v1/failures/stats')).body).toMatchObject({ total: 2, by: { region: { west: 1, east: 1 }, state: { open: 2 } } });
    expect((await ask('GET', `/v1/failures/${id}`)).body).toMatchObject({ id, failures: [{ region: 'west', payload: expect.stringContaining('lamp') }] });
  });

  it('of a region that answers are listed although another one does not', async () => {
    const { harness, ask } = await serve();
    await fail(harness.west);
    harness.east.setDown(true);
    expect(await ask('GET', '/v1/failures')).toMatchObject({ status: 200, body: { total: 1, problems: [expect.stringMatching(/^east: /)] } });
    expect((await ask('POST', '/v1/failures/discard', { all: true, by: 'olga', reason: 'r' })).status).toBe(503);
  });

  it('are redriven by a run that can be watched', async () => {
    const { harness, ask } = await serve();
    await failAtIngest(harness, '{"id":"x","version":7}');
    const started = await ask('POST', '/v1/redrives', { stage: 'decode', by: 'olga' });
    expect(started.status).toBe(202);
    const path = started.headers.get('location') as string;
    const ended = await waitFor(async () => { const { body } = await ask('GET', path); return body['ended'] === null ? null : body; }, { what: 'the run to end' });
    expect(ended).toMatchObject({ state: 'ended', cases: 1, done: 1, by: 'olga', report: { ok: true, counts: { written: 1 } } });
    expect((await ask('GET', '/v1/redrives')).body).toMatchObject({ redrives: [{ id: ended['id'] }] });
  });

  it('are rehearsed without a run, and a run can be stopped', async () => {
    const { harness, ask } = await serve();
    for (let at = 0; at < 20; at += 1) await fail(harness.west, { payload: good, documentId: `d-${at}`, offset: at });
    expect((await ask('POST', '/v1/redrives', { pipeline: 'things', by: 'olga', dryRun: true })).body).toMatchObject({ ok: true, cases: 20 });
    expect(harness.west.document(INDEX, 'd-0')).toBeNull();
    const { body: { id } } = await ask('POST', '/v1/redrives', { pipeline: 'things', by: 'olga', rate: 0.5 });
    await waitFor(async () => Number((await ask('GET', `/v1/redrives/${String(id)}`)).body['done']) >= 1, { what: 'the first case' });
    await ask('DELETE', `/v1/redrives/${String(id)}`);
    const ended = await waitFor(async () => { const { body } = await ask('GET', `/v1/redrives/${String(id)}`); return body['ended'] === null ? null : body; }, { what: 'the run to stop' });
    expect(ended).toMatchObject({ report: { ok: false, stopped: 'stopped by the operator' } });
  });

  it.each(['//', '/\\', 'http://[', '*'])('are not reached at %j, which ends nothing', async (path) => {
    const { server, ask } = await serve();
    const { hostname, port } = new URL(server.url);
    const status = await new Promise((resolve, reject) => { httpRequest({ hostname, port, path }, (response) => resolve(response.resume().statusCode)).once('error', reject).end(); });
    expect(status).toBe(404);
    expect((await ask('GET', '/v1/failures')).status).toBe(200);
  });

  it('are discarded with a reason by somebody', async () => {
    const { harness, ask } = await serve();
    const id = await fail(harness.west);
    expect((await ask('POST', '/v1/failures/discard', { id, by: 'olga', reason: 'a test' })).body).toMatchObject({ ok: true, discarded: 1 });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'discarded', history: [{ by: 'olga', action: 'discard', outcome: 'a test' }] });
  });
});

describe('requests that are refused', () => {
  it('say in one sentence what is wrong', async () => {
    const { ask } = await serve();
    const refused: [string, string, unknown, number, RegExp][] = [
      ['GET', '/v1/failures?colour=red', undefined, 400, /colour/],
      ['GET', '/v1/failures?since=yesterday', undefined, 400, /since/],
      ['GET', '/v1/failures?region=north', undefined, 400, /no region north/],
      ['GET', '/v1/failures/none', undefined, 404, /there is no failure none/],
      ['GET', '/v1/redrives/none', undefined, 404, /no redrive none/],
      ['GET', '/v1/nothing', undefined, 404, /nothing at/],
      ['GET', '/v1/failures/%zz', undefined, 404, /nothing at/],
      ['DELETE', '/v1/failures', undefined, 405, /only GET/],
      ['POST', '/v1/redrives', { by: 'olga' }, 400, /say which failures/],
      ['POST', '/v1/redrives', { all: true }, 400, /by/],
      ['POST', '/v1/redrives', { all: true, by: 'olga', patch: 'export function transform() {}' }, 400, /patch/],
      ['POST', '/v1/redrives', '{"all":', 400, /not JSON/],
      ['POST', '/v1/redrives', ' '.repeat(MAX_BODY_BYTES + 1), 413, /over/],
    ];
    for (const [method, path, body, status, message] of refused) {
      const answer = await ask(method, path, body);
      expect([path, answer.status]).toEqual([path, status]);
      expect((answer.body['error'] as { message: string }).message).toMatch(message);
    }
  });

  it('are forms of other sites, and names that only lead here', async () => {
    const { server } = await serve();
    expect((await fetch(`${server.url}/v1/redrives`, { method: 'POST', body: '{"all":true,"by":"x"}' })).status).toBe(415);
    const status = await new Promise((resolve) => httpRequest(`${server.url}/v1/failures`, { headers: { host: 'evil.example:80' } }, (response) => { response.resume(); resolve(response.statusCode); }).end());
    expect(status).toBe(403);
  });

  it('leave the health pages as they are', async () => {
    const { server } = await serve();
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toBe('sluice_up 1');
  });
});
