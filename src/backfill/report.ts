import { z } from 'zod';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import { BATCHES_INDEX, FAILURES_INDEX } from '../domain/system-names.ts';
import type { CycleKeys } from './keys.ts';
import { manifestSchema, type Manifest } from './manifest.ts';
import { indicesOf, planSchema, type Plan } from './plan.ts';
import { cycleStatus, type CycleStatus, type RegionProgress } from './status.ts';
import { readJson } from './stored-json.ts';
import { verifiedRegionSchema } from './verify-tally.ts';

const storedVerification = verifiedRegionSchema.extend({ at: z.iso.datetime(), sample: z.number() });

/** What loads wrote into a region, by its batch-metadata documents: a row group that was loaded again counts again. */
export interface LoadFacts {
  readonly began_at: string | null;
  readonly ended_at: string | null;
  readonly hosts: number;
  readonly codes: readonly string[];
  readonly applied: number;
  readonly superseded: number;
  readonly rejected: number;
  readonly refused: number;
  readonly retried: number;
}

export interface VerifiedFacts {
  readonly at: string;
  readonly ok: boolean;
  readonly sample: number;
  readonly rows: number;
  readonly same: number;
  readonly superseded: number;
  readonly missing: number;
  readonly older: number;
  readonly different: number;
  readonly failed: number;
  /** Documents without the case's new fields, which the warehouse has no row for or which are newer. */
  readonly without_new_fields: number;
}

export interface RegionFacts {
  readonly region: string;
  /** Why the region could not be asked; its figures are then 0. */
  readonly problem: string | null;
  readonly row_groups: number;
  readonly done: number;
  readonly done_rows: number;
  readonly load: LoadFacts;
  readonly failures: { readonly total: number; readonly open: number; readonly stages: Readonly<Record<string, number>> };
  readonly verified: VerifiedFacts | null;
}

/** A cycle's report, as it stands in the backfill index and as `sluice backfill show` prints it. */
export interface CycleReport {
  readonly '@timestamp': string;
  readonly cycle: string;
  readonly case: string;
  readonly pipeline: string;
  readonly state: CycleStatus['state'];
  readonly plan: { readonly from: string; readonly to: string; readonly where: string | null; readonly epoch: number | null; readonly days: number; readonly rows: number; readonly bytes: number; readonly indices: readonly string[]; readonly planned_at: string; readonly code: string };
  readonly extract: { readonly engine: string; readonly extracted_at: string; readonly rows: number; readonly bytes: number; readonly files: number; readonly row_groups: number } | null;
  readonly regions: readonly RegionFacts[];
}

export interface ReportParts {
  readonly store: ObjectStore;
  readonly keys: CycleKeys;
  readonly prefix: string;
  readonly regions: ReadonlyMap<string, SearchAdmin>;
  /** Epoch ms. */
  readonly now: number;
}

/** Puts together what is known of a cycle; null where there is no such cycle. A region that does not answer is told in its part. */
export async function reportOn(parts: ReportParts): Promise<CycleReport | null> {
  const { store, keys, regions, now } = parts;
  const plan = (await readJson(store, keys.plan, planSchema))?.value;
  const status = await cycleStatus(store, keys, [...regions.keys()]);
  if (plan === undefined || status === null) return null;
  const manifest = (await readJson(store, keys.manifest, manifestSchema))?.value;
  return {
    '@timestamp': new Date(now).toISOString(), cycle: plan.cycle, case: plan.case, pipeline: plan.pipeline, state: status.state,
    plan: planFacts(plan), extract: manifest === undefined ? null : extractFacts(manifest),
    regions: await Promise.all([...regions].map(([region, cluster]) => regionFacts(region, cluster, plan.cycle, status.regions[region], parts))),
  };
}

function planFacts(plan: Plan): CycleReport['plan'] {
  const { from, to, where, epoch, days, rows, bytes, plannedAt, code } = plan;
  return { from, to, where, epoch, days: days.length, rows, bytes, indices: indicesOf(plan), planned_at: plannedAt, code };
}

function extractFacts({ engine, extractedAt, rows, bytes, files }: Manifest): CycleReport['extract'] {
  return { engine, extracted_at: extractedAt, rows, bytes, files: files.length, row_groups: files.reduce((sum, file) => sum + file.rowGroups.length, 0) };
}

async function regionFacts(region: string, cluster: SearchAdmin, cycle: string, progress: RegionProgress | undefined, { store, keys, prefix }: ReportParts): Promise<RegionFacts> {
  const known = { region, row_groups: progress?.rowGroups ?? 0, done: progress?.done ?? 0, done_rows: progress?.doneRows ?? 0, verified: await verifiedFacts(store, keys, region) };
  try {
    const [load, failures] = await Promise.all([loadFacts(cluster, prefix, cycle), failureFacts(cluster, prefix, cycle)]);
    return { ...known, problem: null, load, failures };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { ...known, problem: messageOf(error), load: NO_LOAD, failures: { total: 0, open: 0, stages: {} } };
  }
}

const NO_LOAD: LoadFacts = { began_at: null, ended_at: null, hosts: 0, codes: [], applied: 0, superseded: 0, rejected: 0, refused: 0, retried: 0 };

async function verifiedFacts(store: ObjectStore, keys: CycleKeys, region: string): Promise<VerifiedFacts | null> {
  const found = (await readJson(store, keys.verified(region), storedVerification))?.value;
  if (found === undefined) return null;
  const { days } = found;
  const sum = (count: (day: (typeof days)[number]) => number): number => days.reduce((total, day) => total + count(day), 0);
  return {
    at: found.at, ok: found.ok, sample: found.sample, rows: sum((day) => day.rows), same: sum((day) => day.same),
    superseded: sum((day) => Object.values(day.superseded).reduce((total, count) => total + count, 0)),
    missing: sum((day) => day.missing), older: sum((day) => day.older), different: sum((day) => day.different), failed: sum((day) => day.failed), without_new_fields: found.withoutNewFields.documents,
  };
}

type Aggregations = Readonly<Record<string, { readonly value?: number | null; readonly value_as_string?: string; readonly buckets?: readonly { readonly key: string; readonly doc_count: number }[] }>>;

async function loadFacts(cluster: SearchAdmin, prefix: string, cycle: string): Promise<LoadFacts> {
  const sums = ['applied', 'superseded', 'rejected', 'refused'].map((name) => [name, { sum: { field: `counts.${name}` } }] as const);
  const aggs = {
    ...Object.fromEntries(sums), retried: { sum: { field: 'retried' } }, began: { min: { field: 'start_time' } }, ended: { max: { field: 'end_time' } },
    hosts: { cardinality: { field: 'host' } }, codes: { terms: { field: 'origin.code', size: 10 } },
  };
  const found = await aggregated(cluster, `${prefix}${BATCHES_INDEX}-*`, { bool: { filter: [{ term: { 'origin.cycle': cycle } }, { term: { 'origin.role': 'backfill' } }] } }, aggs);
  if (found === null) return NO_LOAD;
  const count = (name: string): number => Number(found.aggregations[name]?.value ?? 0);
  const time = (name: string): string | null => (typeof found.aggregations[name]?.value === 'number' ? new Date(count(name)).toISOString() : null);
  return {
    began_at: time('began'), ended_at: time('ended'), hosts: count('hosts'), codes: (found.aggregations['codes']?.buckets ?? []).map(({ key }) => key),
    applied: count('applied'), superseded: count('superseded'), rejected: count('rejected'), refused: count('refused'), retried: count('retried'),
  };
}

async function failureFacts(cluster: SearchAdmin, prefix: string, cycle: string): Promise<RegionFacts['failures']> {
  const found = await aggregated(cluster, `${prefix}${FAILURES_INDEX}-*`, { bool: { filter: [{ term: { 'origin.cycle': cycle } }] } }, { stages: { terms: { field: 'stage', size: 20 } }, states: { terms: { field: 'state', size: 10 } } });
  const buckets = (name: string): Record<string, number> => Object.fromEntries((found?.aggregations[name]?.buckets ?? []).map(({ key, doc_count }) => [key, doc_count]));
  return { total: found?.total ?? 0, open: buckets('states')['open'] ?? 0, stages: buckets('stages') };
}

async function aggregated(cluster: SearchAdmin, indices: string, query: Json, aggs: Json): Promise<{ total: number; aggregations: Aggregations } | null> {
  await cluster.call('POST', `/${indices}/_refresh`, undefined, { okStatuses: [404] });
  const { status, body } = await cluster.call('POST', `/${indices}/_search`, { size: 0, track_total_hits: true, query, aggs }, { okStatuses: [404] });
  if (status === 404) return null;
  return { total: (body['hits'] as { total: { value: number } }).total.value, aggregations: (body['aggregations'] ?? {}) as Aggregations };
}
