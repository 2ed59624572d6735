import { expect, it } from 'vitest';
import { kindsOfWeek, recentBatches, recentFailures, WINDOW_MS } from '../../src/monitor/observe/recent.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { answersQuery } from '../support/memory-search-query.ts';

const NOW = Date.UTC(2026, 10, 22);

it.each([['batches', recentBatches, 'end_time'], ['failures', recentFailures, '@timestamp'], ['kinds of failures', kindsOfWeek, '@timestamp']] as const)('%s of late are none of a clock that is ahead', async (_, ask, field) => {
  const queries: Json[] = [];
  const search = { call: async (_method: string, _path: string, body?: Json | string) => { queries.push((body as { query: Json }).query); return { status: 200, body: {} }; } };
  await ask({ search, prefix: '', now: NOW, timeoutMs: 1_000 });
  const found = (time: number) => answersQuery(queries[0] as Json, { id: 'a', version: 1, seqNo: 0, source: { [field]: new Date(time).toISOString() } });
  expect([NOW - 1, NOW - WINDOW_MS, NOW, NOW + 3_600_000].map(found)).toEqual([true, true, false, false]);
});
