import { loadavg } from 'node:os';
import { pino } from 'pino';
import { indicesOf } from '../src/audit/indices.ts';
import type { AuditReport } from '../src/audit/report.ts';
import { auditOnce } from '../src/audit/run.ts';
import type { Config } from '../src/config/schema.ts';
import { openAudit, type AuditOptions } from '../src/main/audit.ts';
import { pipelinesOf } from '../src/main/configured.ts';
import { openRegionSearch } from '../src/main/connections.ts';
import { createIndexKeeper } from '../src/setup/ensure-indices.ts';
import { PlantedWorld, store, type Planted } from '../test/support/planted.ts';
import { openBenchStack } from './bench-stack.ts';
import { BENCH_PIPELINE } from './events.ts';
import { rounded } from './statistics.ts';

const DIFFERENCES = 100;
const DAY = Date.UTC(2026, 10, 15);
const REPAIR_RATE = 1_000;

export interface AuditBenchOptions {
  readonly stackFile: string | undefined;
  readonly documents: number;
  /** Also read every document, at the end. */
  readonly deep: boolean;
  readonly say: (line: string) => void;
}

/** Two regions with differences planted in them: what the audit finds, repairs and asks for. */
export async function benchAudit({ stackFile, documents, deep, say }: AuditBenchOptions): Promise<Record<string, unknown>> {
  const bench = await openBenchStack({ stackFile, overrides: { pipelines: [BENCH_PIPELINE], indices: { ahead: 0, behind: 0, refreshInterval: '30s' } }, say });
  try {
    const world = new PlantedWorld(bench.config.prefix, documents, DIFFERENCES, DAY);
    const sourceBytes = await fill(bench.config, world, say);
    const found = await pass('look', bench.config, {}, say);
    const repaired = await pass('repair', bench.config, { repairRate: REPAIR_RATE }, say);
    const again = await pass('look again', bench.config, {}, say);
    const read = deep ? await pass('read everything', bench.config, { depth: 'contents' }, say) : null;
    return {
      bench: 'audit', documents, planted: world.planted.length, ...judged(found.report, world.planted),
      byKind: found.report.byKind, look: found.figures, repaired: repaired.report.repaired, repair: repaired.figures,
      differencesAfter: again.report.differences, lookAgain: again.figures,
      ...(read === null ? {} : { deepDifferencesAfter: read.report.differences, deep: read.figures }),
      sourceBytes, loadAverage: rounded(loadavg()[0] as number, 2),
    };
  } finally {
    await remove(bench.config);
    await bench.close();
  }
}

async function fill(config: Config, world: PlantedWorld, say: (line: string) => void): Promise<number> {
  let bytes = 0;
  await Promise.all((['west', 'east'] as const).map(async (region) => {
    const search = openRegionSearch(config, region);
    await createIndexKeeper(search).ensure([world.index, world.wrongIndex]);
    const counted = function* (): ReturnType<PlantedWorld['documents']> {
      for (const document of world.documents(region)) {
        bytes += document.source.length;
        yield document;
      }
    };
    await store(search, counted());
    await search.call('POST', `/${world.index}/_forcemerge?max_num_segments=1`, undefined, { timeoutMs: 300_000 });
    say(`${region} is filled`);
    await search.close();
  }));
  return bytes;
}

interface Pass {
  readonly report: AuditReport;
  readonly figures: { readonly seconds: number; readonly queries: number; readonly bytes: number };
}

async function pass(name: string, config: Config, options: Partial<AuditOptions>, say: (line: string) => void): Promise<Pass> {
  const { parts, close } = openAudit(config, { depth: 'fingerprints', patienceMs: 5_000, repairRate: null, pipelines: config.pipelines, ...options }, pino({ level: 'silent' }));
  const began = performance.now();
  const report = await auditOnce(await indicesOf(parts.regions.values(), config.prefix, pipelinesOf(config)), parts, {}, new AbortController().signal);
  const figures = { seconds: rounded((performance.now() - began) / 1_000, 1), queries: report.queries, bytes: report.bytes };
  await close();
  say(`${name}: ${report.differences} differences, ${report.repaired} repaired, ${JSON.stringify(figures)}${report.problems.length > 0 ? JSON.stringify(report.problems) : ''}`);
  return { report, figures };
}

/** A report lists as many as were planted here. */
function judged({ findings, differences }: AuditReport, planted: readonly Planted[]): { found: number; missed: number; invented: number } {
  const wanted = new Set(planted.map(({ kind, index, id }) => `${kind} ${index} ${id}`));
  const found = findings.filter(({ kind, index, id, why }) => why === 'lost' && wanted.has(`${kind} ${index} ${id}`)).length;
  return { found, missed: planted.length - found, invented: differences - found };
}

async function remove(config: Config): Promise<void> {
  for (const region of Object.keys(config.regions)) {
    const search = openRegionSearch(config, region);
    const { body } = await search.call('GET', `/${config.prefix}*/_alias`);
    for (const index of Object.keys(body)) await search.call('DELETE', `/${index}`);
    await search.close();
  }
}
