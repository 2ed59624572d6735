import { expect, it } from 'vitest';
import { deleteDocuments, type DeleteParts, type DeleteReport } from '../../src/purge/delete-documents.ts';
import { FREE_SHARE } from '../support/free-share.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';

const DOCUMENTS = 70;
const CLOSED = { term: { deleted: true } };

async function indexed(): Promise<MemorySearch> {
  const search = new MemorySearch();
  for (let number = 0; number < DOCUMENTS; number += 1) await search.call('PUT', `/things-1/_doc/${number}?version=1&version_type=external`, { deleted: number > 0 });
  return search;
}

function purge(search: MemorySearch, changes: Partial<DeleteParts> = {}): Promise<DeleteReport> {
  const parts = { cluster: search, dryRun: false, clock: new ManualClock(), random: Math.random, timeoutMs: 1_000, share: FREE_SHARE, ...changes };
  return deleteDocuments(['things-*'], CLOSED, parts, new AbortController().signal);
}

it('deletes what answers the query, no more at once than half a minute of the rate that is borrowed', async () => {
  const search = await indexed();
  const taken: number[] = [];
  const share = { room: async () => 1, take: async (documents: number) => void taken.push(documents) };
  expect(await purge(search, { share })).toEqual({ found: DOCUMENTS - 1, deleted: DOCUMENTS - 1, superseded: 0, kept: 0 });
  expect(taken).toEqual([1, 30, 30, 8]);
});

it('borrows nothing where there is nothing to delete', async () => {
  const share = { ...FREE_SHARE, room: async () => { throw new Error('was asked'); } };
  expect(await purge(new MemorySearch(), { share })).toMatchObject({ found: 0 });
});

it('gives up, deleting nothing, where live traffic leaves nothing; a dry run asks for nothing', async () => {
  const search = await indexed();
  const share = { ...FREE_SHARE, room: async () => 0 };
  await expect(purge(search, { share })).rejects.toThrow(/left nothing of the region's rate within 60 s/);
  expect(await purge(search, { share, dryRun: true })).toMatchObject({ found: DOCUMENTS - 1, deleted: 0 });
});
