import type { LagMonitor, PartitionLag } from './lag.ts';
import type { RegionMode } from './region-state.ts';
import type { RegionWriter } from './region-writer.ts';

/** One region as ingest sees it. */
export interface RegionStatus {
  readonly region: string;
  readonly state: RegionMode;
  /** Since when it is in that state, epoch ms. */
  readonly since: number;
  readonly partitions: readonly PartitionLag[];
  readonly lagRecords: number;
  /** Of the partition that lags most, ms. */
  readonly lagMs: number;
  /** Until retention passes the position that it will reach first, ms; null while nothing comes near. */
  readonly retentionMs: number | null;
  /** Queued and in flight. */
  readonly inFlightBytes: number;
  readonly lastError: string | null;
}

export interface IngestStatus {
  readonly regions: readonly RegionStatus[];
  readonly budget: { readonly limitBytes: number; readonly inUseBytes: number };
  readonly source: { readonly connected: boolean; readonly assigned: number; readonly lastError: string | null };
}

/** The status of one region from its writer and its lags. */
export function regionStatus(writer: RegionWriter, lag: LagMonitor, since: number): RegionStatus {
  const partitions = lag.of(writer.state);
  const lefts = partitions.flatMap(({ lag: records, retention }) => (records > 0 && retention.ms !== null ? [retention.ms] : []));
  return {
    region: writer.region,
    state: writer.state.mode,
    since,
    partitions,
    lagRecords: partitions.reduce((sum, { lag: records }) => sum + records, 0),
    lagMs: Math.max(0, ...partitions.map(({ lagMs }) => lagMs)),
    retentionMs: lefts.length === 0 ? null : Math.min(...lefts),
    inFlightBytes: writer.bytes,
    lastError: writer.lastError,
  };
}
