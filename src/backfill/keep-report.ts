import type { IndicesConfig } from '../config/schema.ts';
import { indexNameOf } from '../domain/index-name.ts';
import type { Origin } from '../domain/origin.ts';
import { BACKFILLS_INDEX } from '../domain/system-names.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { createIndexKeeper } from '../setup/ensure-indices.ts';
import { ensureTemplates } from '../setup/ensure-templates.ts';
import { readMapping } from '../setup/mapping-files.ts';
import { templateOf } from '../setup/template.ts';
import type { CycleReport } from './report.ts';

export interface KeepReportOptions {
  readonly prefix: string;
  readonly indices: IndicesConfig;
  readonly origin: Origin;
}

/** Puts a cycle's report into a region's backfill index, in the place of an older one. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function keepReport(report: CycleReport, cluster: SearchAdmin, { prefix, indices, origin }: KeepReportOptions): Promise<void> {
  const template = templateOf(prefix, { base: BACKFILLS_INDEX, mapping: BACKFILLS_INDEX, hidesDeleted: false }, await readMapping(BACKFILLS_INDEX), indices);
  await ensureTemplates(cluster, [template]);
  const index = indexNameOf(`${prefix}${BACKFILLS_INDEX}`, 'year', Date.parse(report.plan.planned_at));
  await createIndexKeeper(cluster).ensure([index]);
  // Workers that end at the same time each tell what they know: the latest telling stays.
  await cluster.call('PUT', `/${index}/_doc/${encodeURIComponent(report.cycle)}?version=${Date.parse(report['@timestamp'])}&version_type=external_gte`, { ...report, deleted: false, origin }, { okStatuses: [409] });
}

/** A report as a region's backfill index holds it; null where there is none. */
export async function keptReport(cycle: string, cluster: SearchAdmin, prefix: string): Promise<CycleReport | null> {
  const { status, body } = await cluster.call('POST', `/${prefix}${BACKFILLS_INDEX}-*/_search`, { size: 1, query: { term: { cycle } } }, { okStatuses: [404] });
  if (status === 404) return null;
  const [hit] = (body['hits'] as { hits: { _source: CycleReport }[] }).hits;
  return hit?._source ?? null;
}
