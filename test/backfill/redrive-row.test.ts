import { beforeAll, describe, expect, it } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import { defineCase, type BackfillCase } from '../../src/backfill/case.ts';
import { adopt } from '../../src/backfill/extract-elsewhere.ts';
import { RowsAgain } from '../../src/backfill/row-again.ts';
import { decodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { partsOf } from '../../src/domain/version.ts';
import { redrive, type RedriveRequest } from '../../src/redrive/redrive.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { redriveHarness, request } from '../support/redrive-harness.ts';
import { expectedDocuments, loadOf, lookupsOf, NEVER, prepared, warehouse, type Prepared } from './workbench.ts';

const WITH_SHOP: BackfillCase = defineCase({ ...missedEvents, raiseEpoch: 3, fields: (row) => ({ shop: `shop of ${String(row['sellerId'])}` }) });

/** The same files under another prefix, adopted in place of the extract. */
async function adoptedFrom(store: MemoryObjectStore, { plan, keys, manifest }: Prepared): Promise<Prepared> {
  for (const { key, day } of manifest.files) {
    store.objects.set(`exports/dt=${day}/${key.slice(key.lastIndexOf('/') + 1)}`, store.objects.get(key) as Buffer);
    store.objects.delete(key);
  }
  store.objects.delete(keys.manifest);
  return { plan, keys, manifest: await adopt(plan, 'exports/', { store, keys, clock: systemClock, mostFileBytes: 10_000_000, groupRows: 2_048 }, NEVER) };
}

describe('a row of a backfill that failed', () => {
  let folder: string;
  let victim: string;
  beforeAll(async () => {
    folder = await warehouse();
    victim = String([...(await expectedDocuments()).values()].find(({ source }) => source['deleted'] === false)?.source['listing_id']);
  });

  /** The failures of a load by the case as it was, redriven by the case as it is. */
  async function redriven(was: Partial<BackfillCase>, changes: Partial<RedriveRequest> = {}, elsewhere = false) {
    const [store, search] = [new MemoryObjectStore(), new MemorySearch()];
    const broken = defineCase({ ...WITH_SHOP, ...was });
    const extracted = await prepared(store, folder, { case: broken });
    const made = elsewhere ? await adoptedFrom(store, extracted) : extracted;
    await (await loadOf(store, made, search, { case: broken })).run(NEVER);
    const harness = await redriveHarness();
    for (const [name, index] of search.indices) if (name.startsWith('sluice-failures')) index.aliases['sluice-failures'] = {};
    const parts = {
      ...harness.parts, prefix: '', pipelines: [soldItems], lookups: lookupsOf,
      regions: new Map([...harness.parts.regions].map(([name, region]) => [name, { ...region, search: name === 'west' ? search : region.search }])),
      rows: new RowsAgain({ store, prefix: 'backfill/', caseNamed: () => WITH_SHOP, pipelineOf: () => soldItems }),
    };
    for (const log of harness.logs.values()) log.createTopic('documents.sold-items');
    const report = await redrive(request({ regions: ['west'], ...changes }), parts, {}, NEVER);
    const records = [...harness.logs.values()].map((log) => log.records('documents.sold-items'));
    return { report, store, records: records.map((all) => all.map(({ headers, value }) => ({ envelope: decodeEnvelope(headers.get(ENVELOPE_HEADER) ?? Buffer.alloc(0)), body: JSON.parse(String(value)) as Record<string, unknown> }))) };
  }
  const threw: Partial<BackfillCase> = { event: (row) => {
    if (row['listingId'] === victim) throw new TypeError('no good');
    return missedEvents.event(row);
  } };
  const unknownCurrency: Partial<BackfillCase> = { event: (row) => ({ ...missedEvents.event(row), ...(row['listingId'] === victim ? { currency: 'QQQ' } : {}) }) };

  it.each([['that was no event', threw], ['that could not be enriched', unknownCurrency]])('and %s goes back at its cycle\'s epoch, with what its case adds', async (_, was) => {
    const { report, records } = await redriven(was);
    expect(report).toMatchObject({ ok: true });
    for (const region of records) {
      expect(region.length).toBeGreaterThan(0);
      for (const { envelope, body } of region) {
        expect(partsOf(envelope?.version ?? 0).epoch).toBe(3);
        expect(body).toMatchObject({ listing_id: victim, shop: `shop of ${(body['seller'] as { id: string }).id}`, deleted: false });
      }
    }
  });

  it('and lies in a file that somebody else extracted is found by its cycle', async () => {
    const { report, records } = await redriven(threw, {}, true);
    expect(report).toMatchObject({ ok: true });
    expect(records[0]?.[0]?.body).toMatchObject({ listing_id: victim });
  });

  it('and is patched is patched as an event, whatever was kept of it, and can beat what stands there', async () => {
    const { records } = await redriven(threw, { transform: (event) => ({ ...(event as object), title: 'mended' }), raiseEpoch: true });
    expect(records[0]?.[0]?.body).toMatchObject({ listing_id: victim, title: 'mended', shop: expect.any(String) as string });
    expect(partsOf(records[0]?.[0]?.envelope?.version ?? 0).epoch).toBe(4);
  });

  it('stays open with the reason where its extract is gone', async () => {
    const gone = new MemoryObjectStore();
    const rows = new RowsAgain({ store: gone, prefix: 'backfill/', caseNamed: () => WITH_SHOP, pipelineOf: () => soldItems });
    await expect(rows.read({ topic: 'backfill/c1/data/a/f.parquet', partition: 0, offset: 0 }, 'c1')).rejects.toThrow('there is no cycle c1');
    await expect(rows.read({ topic: 'elsewhere', partition: 0, offset: 0 }, null)).rejects.toThrow('which backfill cycle elsewhere belongs to');
  });
});
