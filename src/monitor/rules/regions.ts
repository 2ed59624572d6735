import { lagOf, latestOf, spanOf, type History } from '../observe/history.ts';
import type { Observation, RegionFacts } from '../observe/observation.ts';
import { unknown, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

/** Both regions must be settled for so long before their counts are compared, ms: refreshes and commits lag a little. */
const SETTLED_MS = 30_000;

/** Whether the regions hold the same, and whether as much comes in as usual. */
export function regionRules({ differenceShare, differenceDocuments, trafficShare, trafficOperations }: Thresholds): Rule[] {
  return [
    {
      name: 'region-difference', severity: 'warning', forMs: 60_000, keepMs: 60_000,
      meaning: 'With nothing under way the two regions hold different numbers of documents, in all or of one hour of the last day. Compare the failures of both; `sluice audit` names the documents that differ.',
      examine: (history) => differences(history, differenceShare, differenceDocuments),
    },
    {
      name: 'traffic-drop', severity: 'warning', forMs: 60_000, keepMs: 60_000,
      meaning: 'Far less comes in than at this time yesterday and a week ago. The lanes are well: ask the producers of the source topics.',
      examine: (history) => traffic(latestOf(history), trafficShare, trafficOperations),
    },
  ];
}

function differences(history: History, share: number, least: number): Finding[] {
  const { regions } = latestOf(history);
  const settled = (spanOf(history, SETTLED_MS) ?? []).length > 0 && spanOf(history, SETTLED_MS)?.every(isSettled) === true;
  if (regions.some((region) => region.documents === null)) return [unknown({}, 'a region\'s documents could not be counted')];
  const pipelines = new Set(regions.flatMap((region) => Object.keys(region.documents ?? {})));
  return [...pipelines].map((pipeline) => {
    const all = compared(regions.map(({ region, documents }) => ({ region, count: documents?.[pipeline] })), '', { share, least });
    const worst = [all, ...hoursOf(regions, pipeline).map((hour) => compared(regions.map(({ region, hours }) => ({ region, count: hours?.[pipeline]?.[hour] })), ` of ${new Date(Number(hour)).toISOString().slice(0, 13)}h`, { share, least }))].find(({ bad }) => bad) ?? all;
    return {
      labels: { pipeline }, value: worst.value, what: worst.what,
      // While documents are under way a difference says nothing.
      level: !settled || !all.known ? 'unknown' : worst.bad ? 'bad' : 'good',
      evidence: [`GET /${pipeline}/_count`, 'sluice failures stats --state open'],
    };
  });
}

interface Counted { readonly region: string; readonly count: number | undefined }

function compared(counts: readonly Counted[], of: string, { share, least }: { readonly share: number; readonly least: number }): { readonly known: boolean; readonly bad: boolean; readonly value: number; readonly what: string } {
  const numbers = counts.flatMap(({ count }) => (count === undefined ? [] : [count]));
  const [most, fewest] = [Math.max(...numbers), Math.min(...numbers)];
  const known = numbers.length === counts.length;
  return { known, bad: known && most - fewest > Math.max(least, most * share), value: most - fewest, what: counts.map(({ region, count }) => `${region} has ${count ?? 'an unknown number of'}${of}`).join(', ') };
}

/** Hours that some region counted. */
function hoursOf(regions: readonly RegionFacts[], pipeline: string): string[] {
  return [...new Set(regions.flatMap(({ hours }) => Object.keys(hours?.[pipeline] ?? {})))];
}

function isSettled({ lanes, ingest }: Observation): boolean {
  return [...lanes, ...ingest].every(({ partitions }) => partitions !== null && lagOf(partitions) === 0);
}

function traffic({ lanes, regions }: Observation, share: number, least: number): Finding[] {
  return lanes.map(({ lane, source, destination }) => {
    const region = regions.find((each) => each.region === destination);
    const batches = region?.batches?.filter((batch) => batch.lane === lane) ?? null;
    const now = batches?.reduce((sum, batch) => sum + batch.operations, 0) ?? 0;
    const earlier = (region?.before ?? []).filter((each) => each.lane === lane).flatMap(({ dayBefore, weekBefore }) => [dayBefore ?? 0, weekBefore ?? 0]).filter((count) => count > 0);
    const before = earlier.length === 0 ? null : Math.min(...earlier);
    const bad = before !== null && before >= least && now < before * share;
    return {
      labels: { lane, source, destination }, level: batches === null ? 'unknown' : bad ? 'bad' : 'good', value: now,
      what: `${now} operations of late; ${before ?? 'an unknown number'} at this time yesterday or a week ago, whichever were fewer`,
      evidence: [`GET /sluice-batches/_search {"query":{"term":{"lane":"${lane}"}},"size":0,"aggs":{"operations":{"sum":{"field":"operations"}}}}`],
    };
  });
}
