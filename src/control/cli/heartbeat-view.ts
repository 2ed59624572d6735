import type { LaneDay } from '../../heartbeat/report.ts';
import { table } from './table.ts';

/** The report as a table; of `stages` the medians beneath. */
export function heartbeatView(days: readonly LaneDay[]): string {
  if (days.length === 0) return 'no heartbeat was ever received: does ingest run, and may it write to the source topics? sluice heartbeat --once sends some';
  const rows = days.map(({ day, lane, availability, received, expected, lost, absent, duplicates, latency, slowest }) => [
    day, lane, availability === null ? '–' : `${(availability * 100).toFixed(3)} %`, received, expected, lost, absent, duplicates, ms(latency.p50), ms(latency.p95), ms(latency.p99), slowest ?? '–',
  ]);
  const stages = days.flatMap(({ day, lane, stages: each }) => (Object.keys(each).length === 0 ? [] : [[day, lane, ...Object.values(each).map(({ p50 }) => ms(p50))]]));
  return [
    table(['day', 'lane', 'availability', 'received', 'expected', 'lost', 'absent', 'twice', 'p50', 'p95', 'p99', 'most time in'], rows),
    ...(stages.length === 0 ? [] : ['', table(['day', 'lane', ...Object.keys(days.find((each) => Object.keys(each.stages).length > 0)?.stages ?? {})], stages)]),
  ].join('\n');
}

function ms(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} ms`;
}
