import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { install, type Installation } from '../support/live.ts';
import { runSluice } from '../support/processes.ts';

const LONG_AGO = '2020-01-05T00:00:00.000Z';

let site: Installation;
beforeAll(async () => { site = await install(); }, 120_000);
afterAll(() => site.remove());

async function purge(...flags: readonly string[]): Promise<{ indices: string[]; kept: string[]; failures: object }> {
  const { code, out } = await runSluice(site.configFile, ['purge', '--region', 'west', '--json', ...flags]);
  expect(code).toBe(0);
  return (JSON.parse(out) as { regions: { west: { indices: string[]; kept: string[]; failures: object } } }).regions.west;
}

describe('a purge on a real server', () => {
  it('takes old indices of heartbeats and batches, and of failures only what is closed', async () => {
    const { prefix } = site.config;
    const put = (index: string, id: string, source: object) => site.call('west', 'PUT', `/${prefix}${index}/_doc/${id}?refresh=true`, source as Record<string, unknown>);
    for (const index of ['sluice-heartbeats-2020.01.05', 'sluice-batches-2020.01', 'sluice-failures-2020.01', 'sluice-failures-2020.02', 'sluice-alerts-2020.01']) await site.call('west', 'PUT', `/${prefix}${index}`);
    const closed = { '@timestamp': LONG_AGO, state: 'redriven', history: [{ at: LONG_AGO, by: 'olga', action: 'redrive', outcome: 'applied' }] };
    await put('sluice-failures-2020.01', 'closed', closed);
    await put('sluice-failures-2020.01', 'open', { '@timestamp': LONG_AGO, state: 'open' });
    await put('sluice-failures-2020.02', 'closed', closed);
    await put('sluice-alerts-2020.01', 'firing', { '@timestamp': LONG_AGO, kind: 'alert', state: 'firing' });
    const expected = {
      indices: ['sluice-failures-2020.02', 'sluice-batches-2020.01', 'sluice-heartbeats-2020.01.05'].map((name) => prefix + name),
      kept: ['sluice-failures-2020.01', 'sluice-alerts-2020.01'].map((name) => prefix + name),
    };
    expect(await purge('--dry-run')).toMatchObject({ ...expected, failures: { found: 1, deleted: 0 } });
    expect(await purge()).toMatchObject({ ...expected, failures: { found: 1, deleted: 1 } });
    expect((await site.search('west', `${prefix}sluice-failures-2020*`)).map(({ id }) => id)).toEqual(['open']);
    expect(await purge()).toMatchObject({ indices: [], failures: { found: 0 } });
    await put('sluice-failures-2020.01', 'new', { '@timestamp': LONG_AGO, state: 'open' });
  });
});
