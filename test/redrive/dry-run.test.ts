import { describe, expect, it } from 'vitest';
import { dryRun } from '../../src/redrive/dry-run.ts';
import { INDEX, fail, failAtIngest, failureIn, redriveHarness, request } from '../support/redrive-harness.ts';

const signal = new AbortController().signal;
const VERSION = 1024 * 5 + 3;

describe('a dry run', () => {
  it('shows what a patch changes, field by field, and that Elasticsearch would take it, in every region', async () => {
    const harness = await redriveHarness();
    await fail(harness.west);
    const report = await dryRun(request({ transform: (document) => ({ ...(document as object), price: 12.5, deleted: undefined, origin: undefined }) }), harness.parts, signal);
    expect(report).toMatchObject({ ok: true, cases: 1, entries: [{ plan: 'into the index', target: { index: INDEX, documentId: 'lamp-1', version: VERSION } }] });
    expect(report.entries[0]?.differences).toEqual([{ path: 'price', kind: 'changed', before: 'cheap', after: 12.5 }, { path: 'deleted', kind: 'removed', before: false }]);
    expect(report.entries[0]?.regions).toEqual(['west', 'east'].map((region) => ({ region, verdict: 'would be applied', reason: null, storedVersion: null })));
  });

  it('says what would be rejected, and what would be superseded by the stored version', async () => {
    const harness = await redriveHarness();
    await fail(harness.west, { documentId: 'bad', offset: 1 });
    await fail(harness.west, { documentId: 'old', offset: 2, payload: Buffer.from('{"title":"a"}') });
    await harness.west.bulk({ body: Buffer.from(`{"index":{"_index":"${INDEX}","_id":"old","version":${VERSION + 1},"version_type":"external"}}\n{"title":"newer"}\n`), detail: 'terse', timeoutMs: 100 });
    const { ok, entries } = await dryRun(request(), harness.parts, signal);
    expect(ok).toBe(false);
    expect(entries.map(({ regions }) => regions[0]?.verdict)).toEqual(['would be rejected', 'would be superseded']);
    expect(entries[0]?.regions[0]?.reason).toMatch(/document_parsing_exception: .*price/);
  });

  it('leaves nothing behind: no scratch index, no document, no claim, no record', async () => {
    const harness = await redriveHarness();
    const id = await fail(harness.west);
    const event = await failAtIngest(harness, '{"id":"x","version":7}', 9);
    await harness.west.call('PUT', '/t.sluice-scratch-1000000000000-left', {});
    const before = [...harness.west.indices.keys()].filter((name) => !name.includes('scratch'));
    const { entries } = await dryRun(request(), harness.parts, signal);
    expect(entries.map(({ plan }) => plan).toSorted()).toEqual(['into the index', 'through ingest']);
    expect([...harness.west.indices.keys()]).toEqual(before);
    expect(harness.west.document(INDEX, 'lamp-1')).toBeNull();
    for (const failure of [id, event]) expect(failureIn(harness.west, failure)).not.toHaveProperty('history');
    expect(harness.logs.get('west')!.records('t.documents.things')).toEqual([]);
  });
});
