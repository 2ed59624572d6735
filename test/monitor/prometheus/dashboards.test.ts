import { expect, it } from 'vitest';
import { DASHBOARDS } from '../../../src/monitor/prometheus/dashboards.ts';

/** Of these each host tells its own part: its partitions, its events. */
const PARTS = /sluice_ingest_lag_records|_total\b/;

it('dashboards sum what hosts tell each of their own part', () => {
  const queries = DASHBOARDS.flatMap(({ panels }) => panels.flatMap((panel) => Object.values(panel.queries))).filter((query) => PARTS.test(query));
  expect(queries.length).toBeGreaterThan(5);
  expect(queries.filter((query) => !query.startsWith('sum'))).toEqual([]);
});
