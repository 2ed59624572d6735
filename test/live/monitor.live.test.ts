import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexNameOf } from '../../src/domain/index-name.ts';
import { encodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import { openRegionLog } from '../../src/main/connections.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { startHttpStub, type HttpStub } from '../support/http-stub.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { runSluice, startProcess, type SluiceProcess } from '../support/processes.ts';
import { waitFor } from '../support/stack.ts';

const ROUTING_TIME = Date.UTC(2026, 10, 15);
/** Lanes that are alive must not seem silent, a lane that is held not stalled, and a monitor not dead, however slow the machine is. */
const MONITOR = { intervalMs: 500, leaseMs: 15_000, thresholds: { stalledMs: 15_000, silentMs: 300_000 } };
const PATIENCE_MS = 90_000;

/** Monitors and a lane as they run in production: processes of their own, over real Kafka and Elasticsearch. */
describe('monitors on real servers', () => {
  let site: Installation;
  let hook: HttpStub;
  let index: string;
  const processes: SluiceProcess[] = [];

  beforeEach(async () => {
    hook = await startHttpStub();
    site = await install({ monitor: { ...MONITOR, channels: { webhook: { hook: { url: hook.url, groupIntervalMs: 0 } } } } });
    index = indexNameOf(`${site.config.prefix}sold-items`, 'day', ROUTING_TIME);
    await site.call('west', 'PUT', `/${index}`);
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')));
    await site.remove();
    await hook.close();
  });

  async function start(...args: readonly string[]): Promise<SluiceProcess> {
    const started = await startProcess(site.configFile, args);
    processes.push(started);
    return started;
  }
  async function send(id: string): Promise<void> {
    const envelope = encodeEnvelope({ operation: 'index', schema: 1, version: 1, routingTime: ROUTING_TIME, sourceTime: Date.now(), ingestTime: Date.now(), pipeline: 'sold-items', id });
    const producer = openRegionLog(site.config, 'west', SILENT).producer({ compression: 'none', deliveryTimeoutMs: 30_000 });
    await producer.send([{ topic: regionalTopicOf(site.config.prefix, 'sold-items'), key: Buffer.from(id), value: Buffer.from(JSON.stringify({ listing_id: id, deleted: false })), headers: new Map([[ENVELOPE_HEADER, envelope]]) }]);
    await producer.close();
  }
  /** The alerts of a rule about lane west-west, as stored in a region. */
  async function alerts(rule: string, region = 'west'): Promise<Json[]> {
    const found = await site.search(region, `${site.config.prefix}sluice-alerts`, { bool: { filter: [{ term: { kind: 'alert' } }, { term: { rule } }, { term: { 'labels.lane': 'west-west' } }] } });
    return found.map(({ source }) => source);
  }
  async function statusOf({ url }: SluiceProcess): Promise<{ active: boolean; alerts: Json[] }> {
    const { parts } = await (await fetch(`${url}/status`)).json() as { parts: Record<string, { active: boolean; alerts: Json[] }> };
    return parts['monitor'] as { active: boolean; alerts: Json[] };
  }

  /** What the webhook was told of a rule and this lane, in order. */
  function toldOf(rule: string): string[] {
    return hook.seen.flatMap(({ body }) => (JSON.parse(body) as { alerts: { rule: string; state: string; labels: Record<string, string> }[] }).alerts).filter((alert) => alert.rule === rule && [undefined, 'west-west'].includes(alert.labels['lane'])).map((alert) => alert.state);
  }

  it('tells of differences that an audit left, until they are repaired', async () => {
    await site.call('east', 'PUT', `/${index}`);
    await site.call('west', 'PUT', `/${index}/_doc/a?version=5&version_type=external&refresh=true`, { listing_id: 'a', deleted: false, origin: { role: 'primary', code: 'test', host_group: 'test' } });
    await start('monitor');
    expect(await runSluice(site.configFile, ['audit', index, '--wait', '60'])).toMatchObject({ code: 1, out: expect.stringContaining('sluice-audits') as string });
    await waitFor(() => toldOf('audit-differences').at(-1) === 'firing', { what: 'the difference to be told' });
    expect(await runSluice(site.configFile, ['audit', index, '--wait', '60', '--repair'])).toMatchObject({ code: 0 });
    await waitFor(() => toldOf('audit-differences').at(-1) === 'resolved', { what: 'its end to be told' });
    expect((await site.document('east', index, 'a'))?.version).toBe(5);
  });

  it('a held lane fires, stays one alert when another monitor takes over, and is resolved; a dead lane fires', async () => {
    const [lane, first] = [await start('process', '--lane', 'west-west'), await start('monitor')];
    await waitFor(async () => (await statusOf(first)).active, { what: 'the first monitor to be active' });
    const second = await start('monitor');
    await site.call('west', 'PUT', `/${index}/_settings`, { 'index.blocks.write': true });
    await send('a');
    const fired = await waitFor(async () => (await alerts('lane-held')).find((alert) => alert['state'] === 'firing'), { timeoutMs: PATIENCE_MS, what: 'the held lane to fire' });
    expect(fired).toMatchObject({ severity: 'critical', what: expect.stringContaining('cluster_block_exception') as string });
    await waitFor(async () => ((await alerts('lane-held'))[0]?.['told'] as { hook?: object } | undefined)?.hook, { what: 'the telling to be written down' });
    await waitFor(async () => { expect(await alerts('lane-held', 'east')).toMatchObject([{ id: fired['id'] }]); return true; }, { what: 'the alert in the other region' });
    expect((await statusOf(second)).active).toBe(false);

    await first.end('SIGKILL');
    const taken = await waitFor(async () => { const status = await statusOf(second); return status.active ? status : null; }, { timeoutMs: PATIENCE_MS, what: 'the second monitor to take over' });
    expect(taken.alerts).toContainEqual(expect.objectContaining({ id: fired['id'], state: 'firing', since: Date.parse(String(fired['since'])) }));
    await site.call('west', 'PUT', `/${index}/_settings`, { 'index.blocks.write': false });
    await waitFor(async () => (await alerts('lane-held'))[0]?.['state'] === 'resolved', { timeoutMs: PATIENCE_MS, what: 'the alert to be resolved' });
    expect(await alerts('lane-held')).toHaveLength(1);

    await waitFor(async () => ((await alerts('lane-held'))[0]?.['told'] as { hook?: { state: string } } | undefined)?.hook?.state === 'resolved', { what: 'the end to be told' });
    expect(toldOf('lane-held')).toEqual(['firing', 'resolved']);

    const shown = await runSluice(site.configFile, ['alerts', 'show', String(fired['id'])]);
    expect([shown.code, shown.out], shown.err).toEqual([0, expect.stringMatching(/told hook: resolved at/) as string]);
    const silenced = await runSluice(site.configFile, ['alerts', 'silence', 'rule=lane-*', 'lane=west-west', '--reason', 'a test', '--json']);
    expect(silenced.code, silenced.err).toBe(0);

    await lane.end('SIGKILL');
    await send('b');
    await waitFor(async () => (await alerts('lane-stalled')).find((alert) => alert['state'] === 'firing'), { timeoutMs: PATIENCE_MS, what: 'the dead lane to fire' });
    await start('process', '--lane', 'west-west');
    await waitFor(async () => (await alerts('lane-stalled')).every((alert) => alert['state'] === 'resolved'), { timeoutMs: PATIENCE_MS, what: 'the dead lane to be resolved' });
    expect(toldOf('lane-stalled')).toEqual([]);
    const listed = await runSluice(site.configFile, ['alerts', 'list', '--all', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject({ silences: [{ reason: 'a test' }], alerts: expect.arrayContaining([expect.objectContaining({ rule: 'lane-stalled', state: 'resolved', hiddenBy: `silence ${(JSON.parse(silenced.out) as { id: string }).id}` })]) as unknown });
    const tested = await runSluice(site.configFile, ['alerts', 'test', 'hook']);
    expect([tested.code, toldOf('test')]).toEqual([0, ['firing', 'resolved']]);
    const rules = (JSON.parse(listed.out) as { alerts: Json[] }).alerts.filter((alert) => alert['firedAt'] !== null && alert['hiddenBy'] === null).map((alert) => alert['rule']);
    expect(new Set(rules)).toEqual(new Set(['lane-held', 'lane-stalled']));
  });
});
