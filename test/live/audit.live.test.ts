import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { indicesOf } from '../../src/audit/indices.ts';
import type { AuditReport } from '../../src/audit/report.ts';
import { auditOnce } from '../../src/audit/run.ts';
import { HEARD_MS } from '../../src/backfill/held-share.ts';
import { recentAudits } from '../../src/monitor/observe/audits.ts';
import { followPolicies, policyTopicOf } from '../../src/policy/policy-topic.ts';
import { writeRate } from '../../src/policy/rates.ts';
import { openAudit, type AuditOptions } from '../../src/main/audit.ts';
import { openRegionLog, openRegionSearch } from '../../src/main/connections.ts';
import { pipelinesOf } from '../../src/main/configured.ts';
import { createIndexKeeper } from '../../src/setup/ensure-indices.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { PlantedWorld, store } from '../support/planted.ts';
import { waitFor } from '../support/wait.ts';

const DOCUMENTS = 5_000;
const DIFFERENCES = 24;
const DAY = Date.UTC(2026, 10, 2);

let site: Installation;
let world: PlantedWorld;

beforeAll(async () => {
  site = await install();
  world = new PlantedWorld(site.config.prefix, DOCUMENTS, DIFFERENCES, DAY);
  await Promise.all((['west', 'east'] as const).map(async (region) => {
    const search = openRegionSearch(site.config, region);
    await createIndexKeeper(search).ensure([world.index, world.wrongIndex]);
    await store(search, world.documents(region));
    await search.close();
  }));
});
afterAll(() => site.remove());

async function audit(options: Partial<AuditOptions> = {}, indices?: readonly string[]): Promise<AuditReport> {
  const { parts, close } = openAudit(site.config, { depth: 'fingerprints', patienceMs: 60_000, repairRate: null, pipelines: site.config.pipelines, ...options }, SILENT);
  const found = await indicesOf(parts.regions.values(), site.config.prefix, pipelinesOf(site.config));
  const report = await auditOnce(found.filter(({ index }) => indices?.includes(index) !== false), parts, {}, new AbortController().signal);
  await close();
  return report;
}

const short = (findings: readonly { kind: string; index: string; id: string }[]) => findings.map(({ kind, index, id }) => `${kind} ${index} ${id}`).sort();

describe('an audit of two regions', () => {
  it('finds each planted difference, of six kinds, and invents none', async () => {
    const report = await audit();
    expect(report.problems).toEqual([]);
    expect(short(report.findings)).toEqual(short(world.planted));
    expect(report).toMatchObject({ ok: false, differences: DIFFERENCES, inFlight: 0, repaired: 0, byWhy: { lost: DIFFERENCES } });
  });

  it('asks for little of the documents that are alike', async () => {
    const report = await audit({}, [world.index]);
    // Every document with its content would be about 2.5 MB a region.
    expect(report.bytes).toBeLessThan(400_000);
  });

  it('finds the same by reading every document', async () => {
    expect(short((await audit({ depth: 'contents' })).findings)).toEqual(short(world.planted));
  });

  it('says which are in the failure index, and leaves them to redrive', async () => {
    const { id } = world.planted.find(({ kind }) => kind === 'missing') as { id: string };
    await site.call('west', 'PUT', `/${site.config.prefix}sluice-failures-2026.11/_doc/f1?refresh=true`, { pipeline: 'sold-items', document_id: id, state: 'open' });
    const report = await audit({ repairRate: 1_000 }, [world.index]);
    expect(report.findings.find((finding) => finding.id === id)).toMatchObject({ why: 'failed', repaired: false, reason: expect.stringContaining('sluice failures show f1') as string });
    expect(report).toMatchObject({ ok: false, differences: report.repaired + 1 });
    await site.call('west', 'DELETE', `/${site.config.prefix}sluice-failures-2026.11/_doc/f1?refresh=true`);
  });

  it('writes down what it found and what the round came to, so that people and a monitor can read it later', async () => {
    const { prefix } = site.config;
    const inIndex = world.planted.filter(({ index }) => index === world.index);
    for (const region of ['west', 'east']) {
      const found = await site.search(region, `${prefix}sluice-audits`, { bool: { filter: [{ term: { state: 'found' } }, { term: { index: world.index } }] } });
      expect(new Set(found.map(({ source }) => source['document_id']))).toEqual(new Set(inIndex.map(({ id }) => id)));
      expect(found[0]?.source['before']).toHaveLength(2);
    }
    const search = openRegionSearch(site.config, 'east');
    const rounds = await recentAudits({ search, prefix, now: Date.now(), timeoutMs: 60_000 });
    await search.close();
    // The round before this test left the one that stands in a failure index.
    expect(rounds).toContainEqual({ index: world.index, at: expect.any(Number) as number, complete: true, problem: null, left: 1, failed: 1, absent: [], everyMs: null });
  });

  it('repairs, writes down what was there before, and then finds nothing', async () => {
    const report = await audit({ repairRate: 1_000 });
    expect(report).toMatchObject({ ok: true, differences: report.repaired });
    expect(await audit()).toMatchObject({ ok: true, differences: 0 });
    const entries = await site.search('west', `${site.config.prefix}sluice-audits`);
    expect(entries.filter(({ source }) => source['state'] === 'repaired')).toHaveLength(DIFFERENCES);
    const planted = world.planted.find(({ kind }) => kind === 'resurrected') as { id: string };
    const tombstone = await site.document('west', world.index, planted.id);
    expect(tombstone?.source).toMatchObject({ deleted: true, origin: { role: 'audit', tombstone_at: expect.any(Number) as number } });
  });

  it('repairs out of a share of the caps, which it tells the lanes first and gives back at the end', async () => {
    const { prefix, backfill } = site.config;
    const logs = new Map(['west', 'east'].map((region) => [region, openRegionLog(site.config, region, SILENT)]));
    await writeRate(logs, prefix, 'east', { documentsPerSecond: 40, bytesPerSecond: null, searchFactor: null, at: Date.now(), by: 'test' });
    const shares: number[] = [];
    const watching = new AbortController();
    const onPolicy = (key: string, value: Buffer | null): void => { if (key.startsWith('load/east/audit-')) shares.push(value === null ? 0 : (JSON.parse(value.toString()) as { share: number }).share); };
    const watched = followPolicies({ log: logs.get('west')!, topic: policyTopicOf(prefix), clock: systemClock, onPolicy, onCaughtUp: () => undefined, onProblem: () => undefined }, watching.signal);
    await site.call('west', 'PUT', `/${world.index}/_doc/capped?version=5&version_type=external&refresh=true`, { title: 'only here', deleted: false, origin: { role: 'primary', code: 'test', host_group: 'g' } });
    const began = performance.now();
    expect(await audit({ repairRate: 1_000 }, [world.index])).toMatchObject({ ok: true, repaired: 1 });
    expect(performance.now() - began).toBeGreaterThan(HEARD_MS);
    await waitFor(() => shares.at(-1) === 0, { what: 'the share to be given back' });
    expect(Math.max(...shares)).toBeCloseTo(backfill.share);
    watching.abort();
    await watched;
    await writeRate(logs, prefix, 'east', null);
  });

  it('finds what was edited by hand, and puts the sound copy back', async () => {
    const id = '300000000007-2005061970007';
    await site.call('east', 'POST', `/${world.index}/_update/${id}?refresh=true`, { doc: { quantity: 99 } });
    expect(await audit()).toMatchObject({ ok: true, differences: 0 });
    const report = await audit({ depth: 'contents', repairRate: 1_000 });
    expect(report).toMatchObject({ ok: true, repaired: 1, byKind: { content: 1 } });
    for (const region of ['west', 'east']) expect((await site.document(region, world.index, id))?.source).toMatchObject({ quantity: 2, origin: { role: 'audit' } });
    expect(await audit({ depth: 'contents' })).toMatchObject({ ok: true, differences: 0 });
  });

  it('compares documents from before there were fingerprints one by one', async () => {
    const old = (title: string) => ({ title, deleted: false, origin: { role: 'primary', code: 'old', host_group: 'g' } });
    for (const [region, title] of [['west', 'same'], ['east', 'same']] as const) await site.call(region, 'PUT', `/${world.index}/_doc/old-1?version=5&version_type=external&refresh=true`, old(title));
    await site.call('west', 'PUT', `/${world.index}/_doc/old-2?version=5&version_type=external&refresh=true`, old('only here'));
    expect(short((await audit()).findings)).toEqual([`missing ${world.index} old-2`]);
    expect(await audit({ repairRate: 1_000 })).toMatchObject({ ok: true, repaired: 1 });
    expect(await site.document('east', world.index, 'old-2')).toMatchObject({ version: 5, source: { title: 'only here', fingerprint: expect.any(Number) as number } });
    expect(await audit()).toMatchObject({ ok: true, differences: 0 });
  });
});
