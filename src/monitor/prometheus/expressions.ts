import type { Thresholds } from '../rules/thresholds.ts';

/** A PromQL expression that is not empty while the rule of that name finds something bad. */
type Expression = (thresholds: Thresholds) => string;

const SECOND_MS = 1_000;
const observed = (name: string, by: string) => `max by (${by}) (sluice_observed_${name})`;
const LANE = 'lane, source, destination';
const seconds = (ms: number) => ms / SECOND_MS;
const state = (name: string, by: string) => `max by (${by}) (sluice_observed_process_state{state="${name}"})`;
/** Share of the heartbeats of a window that missed their aim, against the share that may. */
const burn = (window: string, target: number) => `(1 - ${observed(`heartbeats_on_time{window="${window}"}`, 'lane')} / (${observed(`heartbeats_expected{window="${window}"}`, 'lane')} > 0)) / ${Number((1 - target).toFixed(6))}`;
const burning = (factor: number, windows: readonly string[]): Expression => ({ freshnessTarget }) => [
  ...windows.map((window) => `(${burn(window, freshnessTarget)}) > ${factor}`),
  `(${observed(`heartbeats_expected{window="${windows[0]}"}`, 'lane')} - ${observed(`heartbeats_on_time{window="${windows[0]}"}`, 'lane')}) >= 10`,
].join(' and ');
const failed = (lane: string) => `sum by (lane) (max by (lane, host, pipeline, stage, type) (sluice_observed_failures{lane${lane}"ingest"}))`;
const operations = 'sum by (lane) (max by (lane, host) (sluice_observed_operations))';
/** Ingest has no operations of its own: what it gives the busiest lane went through it. */
const shares = [`${failed('!=')} / ${operations}`, `${failed('=')} / on () group_left () max(${operations})`];
const shareOf = (above: number, least: number) => `(${shares.map((share) => `${share} > ${above}`).join(' or ')}) and (${failed('!=')} or ${failed('=')}) >= ${least}`;

/** Counts of the regions that are further apart than they may be. */
const apart = (name: string, by: string, { differenceDocuments, differenceShare }: Thresholds) => `(max by (${by}) (sluice_observed_${name}) - min by (${by}) (sluice_observed_${name})) > clamp_min(${differenceShare} * max by (${by}) (sluice_observed_${name}), ${differenceDocuments})`;

/**
 * The default rules for Prometheus: by what every monitor lets it see of its last look. The same names, thresholds and
 * waits; where a rule compares over time, PromQL does.
 */
export const EXPRESSIONS: Readonly<Record<string, Expression>> = {
  'process-silent': ({ silentMs }) => `${observed('process_silence_seconds', 'lane, host')} > ${seconds(silentMs)} < 86400`,
  'lane-stalled': ({ stalledMs }) => `min_over_time(sluice_observed_lane_lag_records[${seconds(stalledMs)}s]) > 0 and on (lane) ((${observed('lane_batch_age_seconds', 'lane')} > ${seconds(stalledMs)}) or (max by (lane) (sluice_observed_lane_lag_records) unless on (lane) sluice_observed_lane_batch_age_seconds)) and on (lane) sum by (lane) (changes(sluice_observed_partition_offset[${seconds(stalledMs)}s])) == 0`,
  'partition-stalled': ({ partitionStalledMs }) => `min_over_time(sluice_observed_partition_lag_records[${seconds(partitionStalledMs)}s]) > 0 and changes(sluice_observed_partition_offset[${seconds(partitionStalledMs)}s]) == 0 and on (lane) sum by (lane) (changes(sluice_observed_partition_offset[${seconds(partitionStalledMs)}s])) > 0`,
  'lane-held': () => state('held', 'lane'),
  'lane-backing-off': () => state('backing-off', 'lane'),
  'ingest-region-cut': () => `max by (lane) (sluice_observed_process_state{state="cut", lane=~"ingest:.*"})`,
  'lag-records': ({ lagRecords }) => `${observed('lane_lag_records', LANE)} > ${lagRecords}`,
  'lag-seconds': ({ lagMs }) => `${observed('lane_lag_seconds', LANE)} > ${seconds(lagMs)}`,
  'lag-growing': ({ lagGrowingMs, lagRecords }) => `deriv(sluice_observed_lane_lag_records[${seconds(lagGrowingMs)}s]) > 0 and sluice_observed_lane_lag_records > ${lagRecords / 20} and sluice_observed_lane_lag_records > 2 * min_over_time(sluice_observed_lane_lag_records[${seconds(lagGrowingMs)}s])`,
  'ingest-lag-seconds': ({ ingestLagMs }) => `${observed('ingest_lag_seconds', 'region')} > ${seconds(ingestLagMs)}`,
  'ingest-retention': ({ retentionMs }) => `(min by (region) (sluice_ingest_retention_seconds_left >= 0) < ${seconds(retentionMs)} and on (region) max by (region) (sluice_ingest_lag_records) > 0) or max by (region) (sluice_observed_ingest_removed_records) > 0`,
  'lane-retention': ({ retentionMs }) => `${observed('lane_retention_seconds', LANE)} < ${seconds(retentionMs)} or ${observed('lane_removed_records', LANE)} > 0`,
  'failure-share': ({ failureShare, failureCount }) => shareOf(failureShare, failureCount),
  'failure-new-kind': ({ newKindMs }) => `min by (pipeline, stage, type) (sluice_observed_failure_kind_age_seconds) < ${seconds(newKindMs)}`,
  'failure-host-alone': ({ failureCount }) => `sum by (lane, host) (sluice_observed_failures{lane!="ingest"}) >= ${failureCount} and sum by (lane, host) (sluice_observed_failures) / sum by (lane, host) (sluice_observed_operations) > 10 * ((sum by (lane, host) (sluice_observed_failures) * 0 + on (lane) group_left () (sum by (lane) (sluice_observed_failures)) - sum by (lane, host) (sluice_observed_failures)) / ((sum by (lane, host) (sluice_observed_operations) * 0 + on (lane) group_left () sum by (lane) (sluice_observed_operations)) - sum by (lane, host) (sluice_observed_operations) > 0))`,
  'kafka-unreachable': () => `max by (region) (sluice_observed_up{cluster="kafka"}) == 0`,
  'elasticsearch-unreachable': () => `max by (region) (sluice_observed_up{cluster="elasticsearch"}) == 0`,
  'kafka-offline-partitions': () => `${observed('kafka_offline_partitions', 'region')} > 0`,
  'kafka-under-replicated': () => `${observed('kafka_under_replicated_partitions', 'region')} > 0`,
  'elasticsearch-red': () => `${observed('elasticsearch_status', 'region')} == 2`,
  'elasticsearch-yellow': () => `${observed('elasticsearch_status', 'region')} == 1`,
  'elasticsearch-disk': ({ diskShare }) => `${observed('elasticsearch_disk_ratio', 'region')} > ${diskShare}`,
  'region-difference': (thresholds) => `(${apart('documents', 'pipeline', thresholds)} or ${apart('documents_of_hour', 'pipeline, hour', thresholds)}) and on () max(max_over_time(sluice_observed_lane_lag_records[30s])) == 0 and on () max(max_over_time(sluice_observed_ingest_lag_records[30s])) == 0`,
  'traffic-drop': ({ trafficShare, trafficOperations }) => `(${operations} or 0 * ${observed('operations_before', 'lane')}) < ${trafficShare} * (min by (lane) (sluice_observed_operations_before > 0) >= ${trafficOperations})`,
  'clock-skew': ({ clockSkewMs }) => `${observed('process_clock_ahead_seconds', 'lane, host')} > ${seconds(clockSkewMs)}`,
  'mixed-code': () => 'count by (lane) (count by (lane, code) (sluice_observed_process_code)) > 1',
  'restart-loop': ({ restarts }) => `sum by (lane) (changes(sluice_observed_process_start_time_seconds[10m])) + count by (lane) (count by (lane, host) (max_over_time(sluice_observed_process_start_time_seconds[10m])) and on (lane, host) ((time() - max by (lane, host) (max_over_time(sluice_observed_process_start_time_seconds[10m]))) < 600)) - clamp_min(count by (lane) (sluice_observed_process_start_time_seconds), 1) >= ${restarts}`,
  'host-memory': ({ memoryShare }) => `${observed('process_memory_ratio', 'host')} > ${memoryShare}`,
  'host-event-loop': ({ loopDelayMs }) => `${observed('process_loop_delay_seconds', 'host')} > ${seconds(loopDelayMs)}`,
  'host-disk': ({ hostDiskShare }) => `${observed('process_disk_ratio', 'host')} > ${hostDiskShare}`,
  'heartbeat-missing': ({ heartbeatMs }) => `${observed('heartbeat_age_seconds', LANE)} > ${seconds(heartbeatMs)}`,
  'heartbeat-availability': ({ availability }) => `${observed('heartbeats_received{window="1440m"}', 'lane')} / (${observed('heartbeats_expected{window="1440m"}', 'lane')} > 0) < ${availability} and (${observed('heartbeats_expected{window="1440m"}', 'lane')} - ${observed('heartbeats_received{window="1440m"}', 'lane')}) >= 10 and ${observed('heartbeats_expected{window="1440m"}', 'lane')} >= ${observed('heartbeats_expected{window="360m"}', 'lane')} * 1.001`,
  'freshness-burn-fast': burning(14.4, ['60m', '5m', '1m']),
  'freshness-burn-slow': burning(6, ['360m', '30m', '1m']),
  'audit-differences': () => `${observed('audit_differences', 'index')} > 0`,
  'audit-overdue': ({ auditMs }) => `max(sluice_observed_audit_age_seconds) > clamp_min(3 * max(sluice_observed_audit_every_seconds), ${seconds(auditMs)})`,
  'certificate-expiry': ({ certificateMs }) => `${observed('certificate_seconds', 'certificate')} < ${seconds(certificateMs)} >= 259200`,
  'certificate-ends': () => `${observed('certificate_seconds', 'certificate')} < 259200`,
};

/** Series that dashboards and people ask for again and again. */
export const RECORDINGS: Readonly<Record<string, string>> = {
  'sluice:lane_operations:rate1m': 'sum by (lane) (rate(sluice_lane_operations_total[1m]))',
  'sluice:lane_failures:rate5m': 'sum by (lane, stage, type) (rate(sluice_lane_failures_total[5m]))',
  'sluice:lane_bulk_seconds:p99_5m': 'histogram_quantile(0.99, sum by (lane, le) (rate(sluice_lane_bulk_seconds_bucket[5m])))',
  'sluice:lane_source_to_settled_seconds:p99_5m': 'histogram_quantile(0.99, sum by (lane, le) (rate(sluice_lane_source_to_settled_seconds_bucket[5m])))',
  'sluice:ingest_events:rate1m': 'sum by (pipeline, outcome) (rate(sluice_ingest_events_total[1m]))',
  'sluice:heartbeats:availability1d': 'max by (lane) (sluice_observed_heartbeats_received{window="1440m"}) / (max by (lane) (sluice_observed_heartbeats_expected{window="1440m"}) > 0)',
};
