import { beforeEach, describe, expect, it } from 'vitest';
import { alertRoutes } from '../../../src/control/rest/alert-routes.ts';
import type { Reply } from '../../../src/control/rest/router.ts';
import type { Alert } from '../../../src/monitor/alerts/alert.ts';
import { AlertStore } from '../../../src/monitor/alerts/store.ts';
import { readMapping } from '../../../src/setup/mapping-files.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MemorySearch } from '../../support/memory-search.ts';

const FIRING: Alert = {
  id: 'a1', key: 'lane-held{lane="west-east"}', rule: 'lane-held', severity: 'critical', labels: { lane: 'west-east' }, state: 'firing', since: 1_000, firedAt: 2_000, resolvedAt: null,
  goodSince: null, value: 1, what: 'west-east is held', meaning: 'Nothing is written.', evidence: [], hiddenBy: null, closedBy: null, muted: false, told: {},
};

describe('alerts over REST', () => {
  const regions = new Map<string, MemorySearch>();
  let clock: ManualClock;
  let stores: AlertStore[];

  beforeEach(async () => {
    clock = new ManualClock();
    const { mappings } = await readMapping('sluice-alerts');
    stores = ['west', 'east'].map((region) => {
      const search = new MemorySearch();
      search.templates.set('sluice-alerts', { index_patterns: ['sluice-alerts-*'], template: { mappings, aliases: { 'sluice-alerts': {} } } });
      regions.set(region, search);
      return new AlertStore({ region, search, prefix: '', timeoutMs: 1_000, clock, ensure: async (names) => { for (const name of names) if (!search.indices.has(name)) await search.call('PUT', `/${name}`); } });
    });
    for (const store of stores) await store.save([FIRING]);
  });

  async function get(path: string, query: Record<string, string> = {}): Promise<Reply> {
    for (const route of alertRoutes(stores)) {
      const params = route.match(path);
      if (params !== null) return await route.run({ params, query, body: {} });
    }
    throw new Error(`no route for ${path}`);
  }

  it('are told once, of the copies of all regions the latest', async () => {
    await clock.advance(1_000);
    await stores[1]?.save([{ ...FIRING, state: 'resolved', resolvedAt: 3_000 }]);
    expect(await get('/v1/alerts')).toMatchObject({ status: 200, body: { alerts: [], problems: [] } });
    expect(await get('/v1/alerts', { all: 'true' })).toMatchObject({ body: { alerts: [{ id: 'a1', state: 'resolved' }] } });
    expect(await get('/v1/alerts/a1')).toMatchObject({ body: { alert: { id: 'a1', state: 'resolved' } } });
  });

  it('come with the silences in force', async () => {
    await stores[0]?.addSilence({ id: 's1', matchers: [{ label: 'lane', value: 'west-east' }], by: 'olga', reason: 'upgrade', from: clock.now(), until: clock.now() + 60_000 });
    expect(await get('/v1/alerts')).toMatchObject({ body: { alerts: [{ id: 'a1' }], silences: [{ id: 's1', by: 'olga' }] } });
    expect(await get('/v1/alerts', { rule: 'another' })).toMatchObject({ body: { alerts: [] } });
  });

  it('of a region that answers are told although another one does not', async () => {
    regions.get('east')?.setDown(true);
    expect(await get('/v1/alerts')).toMatchObject({ body: { alerts: [{ id: 'a1' }], problems: [expect.stringMatching(/^east: /)] } });
    regions.get('west')?.setDown(true);
    await expect(get('/v1/alerts')).rejects.toMatchObject({ code: 'ELASTICSEARCH_UNAVAILABLE' });
  });

  it('that nobody knows are no answer', async () => {
    await expect(get('/v1/alerts/unknown')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
