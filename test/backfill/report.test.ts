import { beforeAll, describe, expect, it } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { keepReport, keptReport } from '../../src/backfill/keep-report.ts';
import { reportOn, type CycleReport } from '../../src/backfill/report.ts';
import { writeJson } from '../../src/backfill/stored-json.ts';
import { configSchema } from '../../src/config/schema.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { expectedDocuments, loadOf, NEVER, prepared, warehouse, type Prepared } from './workbench.ts';

const KEEPING = { prefix: '', indices: configSchema.shape.indices.parse({}), origin: { role: 'backfill' as const, code: 'test', host_group: 'default', cycle: 'cycle-1' } };

describe('the report of a cycle', () => {
  let folder: string;
  let documents: number;
  beforeAll(async () => {
    folder = await warehouse();
    documents = (await expectedDocuments()).size;
  });

  async function loaded(): Promise<{ store: MemoryObjectStore; made: Prepared; west: MemorySearch; east: MemorySearch }> {
    const [store, west, east] = [new MemoryObjectStore(), new MemorySearch(), new MemorySearch()];
    const made = await prepared(store, folder);
    const victim = [...(await expectedDocuments()).values()].find(({ source }) => source['deleted'] === false)?.source['listing_id'];
    const broken = { ...missedEvents, event: (row: Parameters<typeof missedEvents.event>[0]) => ({ ...missedEvents.event(row), ...(row['listingId'] === victim ? { currency: 'QQQ' } : {}) }) };
    await (await loadOf(store, made, west, { case: broken })).run(NEVER);
    await (await loadOf(store, made, east, { region: 'east', case: broken })).run(NEVER);
    return { store, made, west, east };
  }
  function reportFor({ store, made, west, east }: Awaited<ReturnType<typeof loaded>>, now = 1_800_000_000_000): Promise<CycleReport | null> {
    return reportOn({ store, keys: made.keys, prefix: '', regions: new Map([['west', west], ['east', east]]), now });
  }

  it('tells plan, extract, and for each region what was done, with which outcome, and what failed', async () => {
    const ground = await loaded();
    const { manifest, keys } = ground.made;
    await writeJson(ground.store, keys.verified('west'), { at: new Date(0).toISOString(), sample: 1, ok: true, indices: [], withoutNewFields: { documents: 0, ids: [] }, findings: [], days: [{ index: 'i', day: 'd', rows: 5, same: 3, missing: 0, older: 0, different: 0, failed: 0, superseded: { live: 2 }, compared: 5, fingerprint: { extract: '', index: '' } }] });
    const report = await reportFor(ground);
    const failed = report?.regions[0]?.failures.total ?? 0;
    expect(failed).toBeGreaterThan(0);
    expect(report).toMatchObject({
      cycle: 'cycle-1', case: 'missed-events', state: 'loaded', plan: { days: 2, rows: manifest.rows, indices: ['sold-items-2026.11.02', 'sold-items-2026.11.03'], code: 'test' },
      extract: { engine: 'duckdb', rows: manifest.rows, row_groups: 2 },
    });
    for (const [at, verified] of [{ ok: true, rows: 5, same: 3, superseded: 2 }, null].entries()) {
      const region = report?.regions[at];
      expect(region).toMatchObject({ problem: null, row_groups: 2, done: 2, done_rows: manifest.rows, load: { hosts: 1, codes: ['test'], superseded: 0, retried: 0 }, failures: { total: failed, open: failed, stages: { enrich: failed } } });
      // The failures of a conversion are documents that were applied, too.
      expect(region?.load.applied).toBe(documents);
      expect(Date.parse(region?.load.ended_at ?? '')).toBeGreaterThanOrEqual(Date.parse(region?.load.began_at ?? 'never'));
      if (verified === null) expect(region?.verified).toBeNull();
      else expect(region?.verified).toMatchObject(verified);
    }
  });

  it('stands in the backfill index of a region, the latest one, and tells of a region that does not answer', async () => {
    const ground = await loaded();
    ground.east.setDown(true);
    const report = await reportFor(ground);
    expect(report?.regions[1]).toMatchObject({ region: 'east', problem: expect.stringContaining('ECONNREFUSED') as string, done: 2 });
    await keepReport(report as CycleReport, ground.west, KEEPING);
    expect(await keptReport('cycle-1', ground.west, '')).toMatchObject({ cycle: 'cycle-1', origin: { role: 'backfill' } });
    expect(ground.west.templates.has('sluice-backfills')).toBe(true);
    expect(await keptReport('another', ground.west, '')).toBeNull();
  });

  it('is null for a cycle that is not there', async () => {
    const ground = await loaded();
    expect(await reportFor({ ...ground, store: new MemoryObjectStore() })).toBeNull();
  });
});
