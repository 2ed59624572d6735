import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { missedEvents } from '../backfill/missed-events/case.ts';
import { openDuckDb } from '../src/adapters/duckdb/open.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { extract } from '../src/backfill/extract.ts';
import { keysOf } from '../src/backfill/keys.ts';
import { sharedBlocks, type LoadParts } from '../src/backfill/load.ts';
import { makePlan } from '../src/backfill/make-plan.ts';
import { groupsOf } from '../src/backfill/manifest.ts';
import { configSchema } from '../src/config/schema.ts';
import { ENVELOPE_HEADER } from '../src/domain/envelope.ts';
import { loadLookups } from '../src/lookups/lookups.ts';
import { localFiles } from '../src/warehouse/files.ts';
import { MemoryObjectStore } from '../test/support/memory-object-store.ts';
import { fillWarehouse, FIRST_DAY, LAST_DAY } from './backfill-warehouse.ts';
import { BENCH_PIPELINE, pipelineNamed } from './events.ts';
import { rounded, spreadOf } from './statistics.ts';

/** The moment that stands in every document, so that two runs of equal code give equal bytes. */
const NOW = Date.parse(LAST_DAY);
const NEVER = new AbortController().signal;

export interface RowsOptions { readonly rows: number; readonly rounds: number; readonly say: (line: string) => void }

/** CPU of what a load does by itself: row groups of an extract in memory become documents; no server. `digest` covers every byte of them. */
export async function benchRows({ rows, rounds, say }: RowsOptions): Promise<Record<string, unknown>> {
  const parts = await partsOf(rows);
  const lane = { pipelines: [pipelineNamed(BENCH_PIPELINE)], prefix: '', host: 'bench', clock: { ...systemClock, now: () => NOW } };
  const figures: number[] = [];
  let digest = '';
  for (let round = 0; round <= rounds; round += 1) {
    const blocks = sharedBlocks(parts, lane);
    const hash = createHash('sha256');
    let cpu = 0;
    for (const group of groupsOf(parts.manifest)) {
      const before = process.cpuUsage();
      const block = await blocks.read(group);
      const { user, system } = process.cpuUsage(before);
      cpu += user + system;
      for (let at = 0; at < block.count; at += 1) hash.update(block.value(at) ?? '').update(block.header(at, ENVELOPE_HEADER) ?? '');
    }
    digest = hash.digest('hex').slice(0, 16);
    if (round === 0) continue; // compiling
    figures.push(cpu / rows);
    say(`round ${round}: ${rounded(cpu / rows)} CPU-seconds per million rows`);
  }
  return { bench: 'rows', rows, cpuSecondsPerMillion: spreadOf(figures), peakRssMiB: rounded(process.resourceUsage().maxRSS / 1024, 0), digest };
}

async function partsOf(rows: number): Promise<LoadParts> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const engine = await openDuckDb({ threads: 2, memoryLimit: '1GB', spillFolder: join(folder, 'spill') });
  try {
    const warehouse = join(folder, 'warehouse');
    await fillWarehouse(engine, warehouse, rows);
    const [store, files, keys, settings] = [new MemoryObjectStore(), localFiles(warehouse), keysOf('', 'rows'), configSchema.shape.backfill.parse({ readAhead: 1 })];
    const request = { cycle: 'rows', case: missedEvents, pipeline: pipelineNamed(BENCH_PIPELINE), from: FIRST_DAY, to: LAST_DAY, where: null, prefix: '', plannedAt: NOW, code: 'bench' };
    const { plan } = await makePlan(request, { store, keys, files, regions: new Map(), mapping: { version: 1, settings: {}, mappings: {} }, rowsPerSecond: 1 });
    const manifest = await extract(plan, missedEvents, { store, keys, files, engine, scratch: folder, clock: { ...systemClock, now: () => NOW }, rowGroupRows: settings.rowGroupRows, attempt: 'bench' }, NEVER);
    const { lookups } = await loadLookups({ settings: configSchema.shape.reference.parse({}), clock: systemClock, log: pino({ level: 'silent' }), registry: new Registry() });
    return { plan, manifest, keys, store, lookups, settings, case: missedEvents, worker: 'bench', maxRecordBytes: 1_000_000, enrichTimeoutMs: 1_000 };
  } finally {
    engine.close();
    rmSync(folder, { recursive: true });
  }
}
