import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EnrichMeter } from './enrich/run-enrichers.ts';
import type { Tally } from './tally.ts';

/** Skip reasons beyond this many go under `other`, so that a pipeline cannot flood the metrics. */
const MAX_REASONS = 50;
const REASON_LENGTH = 60;

/** What a region's writer counts. */
export interface RegionMetrics {
  readonly records: Counter<'region'>;
  readonly bytes: Counter<'region'>;
  readonly latency: Histogram<'region'>;
  readonly freshness: Gauge<'region'>;
  readonly cuts: Counter<'region' | 'reason'>;
}

export interface IngestMetrics extends RegionMetrics {
  /** Counts one chunk: `shared` from the shared reading, else read again by a region that catches up. */
  chunk(pipeline: string, tally: Tally, shared: boolean): void;
  readonly commits: Counter<'group' | 'outcome'>;
  readonly lost: Counter<'region'>;
}

/** Every metric that ingest counts by itself. */
export function createMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const events = new Counter({ name: 'sluice_ingest_events_total', help: 'source events by how they ended', labelNames: ['pipeline', 'outcome', 'detail'], registers });
  const bytes = new Counter({ name: 'sluice_ingest_source_bytes_total', help: 'bytes of keys and payloads read', labelNames: ['pipeline'], registers });
  const again = new Counter({ name: 'sluice_ingest_reread_events_total', help: 'source events read again by a region that catches up', labelNames: ['pipeline'], registers });
  const processing = new Histogram({ name: 'sluice_ingest_process_seconds', help: 'decode, enrich and document of one chunk of events', labelNames: ['pipeline'], buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5], registers });
  const reasons = new Set<string>();
  return {
    chunk(pipeline, tally, shared) {
      processing.observe({ pipeline }, tally.ms / 1_000);
      if (!shared) return again.inc({ pipeline }, tally.events);
      bytes.inc({ pipeline }, tally.bytes);
      if (tally.written > 0) events.inc({ pipeline, outcome: 'written', detail: '' }, tally.written);
      for (const [stage, count] of tally.failed) events.inc({ pipeline, outcome: 'failed', detail: stage }, count);
      for (const [reason, count] of tally.skipped) events.inc({ pipeline, outcome: 'skipped', detail: boundedReason(reasons, reason) }, count);
    },
    records: new Counter({ name: 'sluice_ingest_produced_records_total', help: 'records acknowledged by a region', labelNames: ['region'], registers }),
    bytes: new Counter({ name: 'sluice_ingest_produced_bytes_total', help: 'bytes acknowledged by a region, before compression', labelNames: ['region'], registers }),
    latency: new Histogram({ name: 'sluice_ingest_produce_seconds', help: 'from send to acknowledgement of one batch', labelNames: ['region'], buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30], registers }),
    freshness: new Gauge({ name: 'sluice_ingest_freshness_seconds', help: 'source record to acknowledgement by a region, of the newest record of the last batch', labelNames: ['region'], registers }),
    cuts: new Counter({ name: 'sluice_ingest_region_cuts_total', help: 'how often a region was cut loose, or a probe of it failed', labelNames: ['region', 'reason'], registers }),
    commits: new Counter({ name: 'sluice_ingest_commits_total', help: 'commits of source positions', labelNames: ['group', 'outcome'], registers }),
    lost: new Counter({ name: 'sluice_ingest_lost_records_total', help: 'source offsets that retention removed before a region had them', labelNames: ['region'], registers }),
  };
}

function boundedReason(reasons: Set<string>, reason: string): string {
  const cut = reason.slice(0, REASON_LENGTH);
  if (reasons.has(cut)) return cut;
  if (reasons.size >= MAX_REASONS) return 'other';
  reasons.add(cut);
  return cut;
}

/** The values that are read off when metrics are asked for. */
export interface GaugeSource {
  readonly enrich: EnrichMeter;
  readonly budgetBytes: () => number;
  readonly regions: () => readonly { readonly region: string; readonly state: string; readonly inFlightBytes: number; readonly lagRecords: number; readonly lagMs: number; readonly retentionMs: number | null }[];
}

const MODES = ['joined', 'catching-up', 'cut'];

/** Gauges over what ingest is doing right now. */
export function exposeGauges(registry: Registry, source: GaugeSource): void {
  const registers = [registry];
  new Gauge({ name: 'sluice_ingest_budget_bytes', help: 'bytes fetched, queued and in flight', registers, collect() { this.set(source.budgetBytes()); } });
  new Counter({ name: 'sluice_ingest_enrich_runs_total', help: 'events that went through enrichers', registers, collect() { this.reset(); this.inc(source.enrich.runs); } });
  new Counter({ name: 'sluice_ingest_enrich_seconds_total', help: 'time in enrichers, waiting for lookups included', registers, collect() { this.reset(); this.inc(source.enrich.ms / 1_000); } });
  new Gauge({
    name: 'sluice_ingest_region_state', help: '1 for the state that a region is in', labelNames: ['region', 'state'], registers,
    collect() { for (const { region, state } of source.regions()) for (const mode of MODES) this.set({ region, state: mode }, mode === state ? 1 : 0); },
  });
  for (const [name, help, read] of [
    ['sluice_ingest_region_bytes', 'bytes queued and in flight to a region', (region: { inFlightBytes: number }) => region.inFlightBytes],
    ['sluice_ingest_lag_records', 'source records that a region does not have yet', (region: { lagRecords: number }) => region.lagRecords],
    ['sluice_ingest_lag_seconds', 'age of the last source record that a region has, while it lags', (region: { lagMs: number }) => region.lagMs / 1_000],
    ['sluice_ingest_retention_seconds_left', 'until retention passes a region\'s position, by its present rate or by age; -1 while the region lacks nothing', (region: { retentionMs: number | null }) => (region.retentionMs === null ? -1 : region.retentionMs / 1_000)],
  ] as const) {
    new Gauge({
      name, help, labelNames: ['region'], registers,
      collect() { for (const region of source.regions()) this.set({ region: region.region }, read(region)); },
    });
  }
}
