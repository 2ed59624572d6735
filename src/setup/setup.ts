import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLogAdmin } from '../ports/record-log.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { createAhead, type Span } from './create-ahead.ts';
import { createIndexKeeper } from './ensure-indices.ts';
import { ensureTemplates, type TemplateReport } from './ensure-templates.ts';
import { ensureTopics, regionalTopicsOf, sourceTopicsOf, type TopicSettings, type TopicsReport } from './ensure-topics.ts';
import { datedFamiliesOf, familiesOf, type PipelineIndex } from './families.ts';
import { readMapping, type Mapping } from './mapping-files.ts';
import { templateOf, type IndexFamily, type IndexSettings, type Template } from './template.ts';

export interface SetupSettings {
  readonly prefix: string;
  readonly pipelines: readonly PipelineIndex[];
  readonly topics: TopicSettings;
  readonly indices: IndexSettings & Span;
  /** Folder of mappings; the project's own when absent. */
  readonly mappings?: URL;
}

export interface SetupConnections {
  readonly source: RecordLogAdmin;
  readonly regions: ReadonlyMap<string, { readonly log: RecordLogAdmin; readonly search: SearchCluster }>;
  readonly clock: Clock;
}

/** What became of one cluster: one that fails does not keep the others from being set up. */
export type ClusterReport<Report> = ({ readonly ok: true } & Report) | { readonly ok: false; readonly problem: string; readonly error: unknown };

export interface SearchReport {
  readonly templates: readonly TemplateReport[];
  readonly indices: { readonly created: readonly string[]; readonly kept: readonly string[] };
}

export interface SetupReport {
  /** True when every cluster has what it needs. */
  readonly ok: boolean;
  readonly source: ClusterReport<TopicsReport>;
  readonly regions: Readonly<Record<string, { readonly log: ClusterReport<TopicsReport>; readonly search: ClusterReport<SearchReport> }>>;
}

/**
 * Makes everything exist that must be there before data flows: topics, templates, aliases, the indices of these days.
 * Idempotent, and safe when several processes do it at once. Rejects only when a mapping cannot be read.
 */
export async function setup(settings: SetupSettings, { source, regions, clock }: SetupConnections): Promise<SetupReport> {
  const names = settings.pipelines.map((pipeline) => pipeline.name);
  const templates = await templatesOf(settings);
  const indices = createAhead(clock.now(), settings.indices, datedFamiliesOf(settings.prefix, settings.pipelines));
  const [sourceReport, ...regionReports] = await Promise.all([
    reportOf(() => ensureTopics(source, sourceTopicsOf(settings.prefix, names, settings.topics))),
    ...[...regions].map(async ([region, { log, search }]) => {
      const [logReport, searchReport] = await Promise.all([
        reportOf(() => ensureTopics(log, regionalTopicsOf(settings.prefix, names, settings.topics))),
        reportOf(() => ensureSearch(search, templates, indices)),
      ]);
      return [region, { log: logReport, search: searchReport }] as const;
    }),
  ]);
  const ok = sourceReport.ok && regionReports.every(([, { log, search }]) => log.ok && search.ok);
  return { ok, source: sourceReport, regions: Object.fromEntries(regionReports) };
}

/** The templates of every index family of an installation. Rejects with `CONFIG_INVALID` where a mapping is missing or lacks the fingerprint. */
export async function templatesOf({ prefix, pipelines, indices, mappings }: Omit<SetupSettings, 'topics'>): Promise<Template[]> {
  return Promise.all(familiesOf(pipelines).map(async (family) => templateOf(prefix, family, await mappingOf(family, mappings), indices)));
}

/** Ingest writes a fingerprint into every document: a mapping without it would have all of them rejected. */
async function mappingOf({ mapping: name, hidesDeleted }: IndexFamily, folder: URL | undefined): Promise<Mapping> {
  const mapping = await readMapping(name, folder);
  const { fingerprint } = (mapping.mappings['properties'] ?? {}) as { fingerprint?: unknown };
  if (hidesDeleted && fingerprint === undefined) throw new SluiceError('CONFIG_INVALID', `mappings/${name}/v${mapping.version}.json: expected a field "fingerprint" of type long, found none; add it in a v${mapping.version + 1}.json`);
  return mapping;
}

async function ensureSearch(search: SearchCluster, templates: readonly Template[], indices: readonly string[]): Promise<SearchReport> {
  const reports = await ensureTemplates(search, templates);
  const created = await createIndexKeeper(search).ensure(indices);
  return { templates: reports, indices: { created, kept: indices.filter((name) => !created.includes(name)) } };
}

async function reportOf<Report>(work: () => Promise<Report>): Promise<ClusterReport<Report>> {
  try {
    return { ok: true, ...(await work()) };
  } catch (error) {
    return { ok: false, problem: messageOf(error), error };
  }
}
