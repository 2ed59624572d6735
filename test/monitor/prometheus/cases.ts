/** Input series and their values, a value every five seconds from 0 to 10 minutes, in promtool's notation. */
export type Series = Readonly<Record<string, string>>;
/** What must make a rule fire after ten minutes, and what must not; further data of either kind where a rule judges several. */
export interface PrometheusCase { readonly fires: Series; readonly quiet: Series; readonly more?: { readonly fires: readonly Series[]; readonly quiet: readonly Series[] } }

const LANE = 'lane="west-east", source="west", destination="east"';
const HOST = 'lane="west-east", host="h1"';
const always = (value: number | string) => `${value}x120`;
const growing = (from: number, step: number) => `${from}+${step}x120`;
const beats = (windows: readonly string[], share: number, expected = 10_000): Series => Object.fromEntries(windows.flatMap((window) => [
  [`sluice_observed_heartbeats_on_time{lane="west-east", window="${window}"}`, always(expected * share)], [`sluice_observed_heartbeats_received{lane="west-east", window="${window}"}`, always(expected * share)],
  [`sluice_observed_heartbeats_expected{lane="west-east", window="${window}"}`, always(window === '1440m' ? expected * 2 : expected)],
]));
const day = (share: number): Series => ({ ...beats(['360m'], 1), ...beats(['1440m'], share * 2) });
const gauge = (name: string, labels: string, bad: number, good: number): PrometheusCase => ({ fires: { [`sluice_observed_${name}{${labels}}`]: always(bad) }, quiet: { [`sluice_observed_${name}{${labels}}`]: always(good) } });
const partition = (at: number, lag: string, offset: string): Series => ({
  [`sluice_observed_partition_lag_records{lane="west-east", topic="t", partition="${at}"}`]: lag, [`sluice_observed_partition_offset{lane="west-east", topic="t", partition="${at}"}`]: offset,
});
const lane = (lag: string, age: string): Series => ({ [`sluice_observed_lane_lag_records{${LANE}}`]: lag, [`sluice_observed_lane_batch_age_seconds{${LANE}}`]: age });
const failures = (count: number, operations: number, host = 'h1'): Series => ({ [`sluice_observed_failures{region="east", lane="west-east", host="${host}", pipeline="things", stage="index", type="t"}`]: always(count), [`sluice_observed_operations{lane="west-east", host="${host}"}`]: always(operations) });
const ingestFailures = (count: number): Series => Object.fromEntries(['west', 'east'].map((region) => [`sluice_observed_failures{region="${region}", lane="ingest", host="i1", pipeline="things", stage="decode", type="t"}`, always(count)]));
const counts = (west: number, east: number): Series => ({
  'sluice_observed_documents{region="west", pipeline="things"}': always(west), 'sluice_observed_documents{region="east", pipeline="things"}': always(east),
  [`sluice_observed_lane_lag_records{${LANE}}`]: always(0), 'sluice_observed_ingest_lag_records{region="west"}': always(0),
});
const hour = (west: number, east: number): Series => ({ 'sluice_observed_documents_of_hour{region="west", pipeline="things", hour="13"}': always(west), 'sluice_observed_documents_of_hour{region="east", pipeline="things", hour="13"}': always(east) });
const before = (now: number, yesterday: number, week: number): Series => ({
  'sluice_observed_operations{lane="west-east", host="h1"}': always(now), 'sluice_observed_operations_before{lane="west-east", when="yesterday"}': always(yesterday), 'sluice_observed_operations_before{lane="west-east", when="last week"}': always(week),
});
/** Traffic then, and none now: not even a figure. */
const yesterday: Series = { 'sluice_observed_operations_before{lane="west-east", when="yesterday"}': always(1_000) };
const state = (name: string, told = 'west-east') => `sluice_observed_process_state{lane="${told}", host="h1", state="${name}"}`;
const told = (bad: string, good: string, lanes = 'west-east'): PrometheusCase => ({ fires: { [state(bad, lanes)]: always(1) }, quiet: { [state(good, lanes)]: always(1) } });

export const PROMETHEUS_CASES: Readonly<Record<string, PrometheusCase>> = {
  'process-silent': gauge('process_silence_seconds', HOST, 45, 12),
  'lane-stalled': { fires: { ...lane(always(50), growing(10, 5)), ...partition(0, always(50), always(7)) }, quiet: { ...lane(always(50), growing(10, 5)), ...partition(0, always(50), growing(7, 1)) } },
  'partition-stalled': { fires: { ...partition(0, always(50), always(7)), ...partition(1, always(50), growing(7, 1)) }, quiet: { ...partition(0, always(0), always(7)), ...partition(1, always(50), growing(7, 1)) } },
  'lane-held': told('held', 'running'),
  'lane-backing-off': told('backing-off', 'running'),
  'ingest-region-cut': told('cut', 'catching-up', 'ingest:west'),
  'lag-records': gauge('lane_lag_records', LANE, 2_000_000, 1_000),
  'lag-seconds': gauge('lane_lag_seconds', LANE, 300, 10),
  'lag-growing': { fires: { [`sluice_observed_lane_lag_records{${LANE}}`]: growing(60_000, 20_000) }, quiet: { [`sluice_observed_lane_lag_records{${LANE}}`]: growing(10, 10) } },
  'ingest-lag-seconds': gauge('ingest_lag_seconds', 'region="west"', 300, 10),
  'ingest-retention': {
    fires: { 'sluice_ingest_retention_seconds_left{region="west"}': always(600), 'sluice_ingest_lag_records{region="west"}': always(10) },
    quiet: { 'sluice_ingest_retention_seconds_left{region="west"}': always(-1), 'sluice_ingest_lag_records{region="west"}': always(10) },
  },
  'lane-retention': {
    ...gauge('lane_retention_seconds', LANE, 600, 100_000),
    more: { fires: [{ [`sluice_observed_lane_removed_records{${LANE}}`]: always(7) }], quiet: [{ [`sluice_observed_lane_removed_records{${LANE}}`]: always(0) }] },
  },
  'failure-share': {
    fires: failures(50, 1_000), quiet: failures(5, 1_000),
    // What ingest found stands in both regions and counts once, against the operations of any lane.
    more: { fires: [{ ...failures(0, 1_000), ...ingestFailures(50) }], quiet: [{ ...failures(0, 10_000), ...ingestFailures(15) }, { ...failures(0, 40), ...ingestFailures(9) }] },
  },
  'failure-new-kind': gauge('failure_kind_age_seconds', 'pipeline="p", stage="index", type="t"', 60, 80_000),
  'failure-host-alone': { fires: { ...failures(50, 1_000), ...failures(1, 1_000, 'h2') }, quiet: { ...failures(50, 1_000), ...failures(45, 1_000, 'h2') } },
  'kafka-unreachable': gauge('up', 'region="east", cluster="kafka"', 0, 1),
  'elasticsearch-unreachable': gauge('up', 'region="east", cluster="elasticsearch"', 0, 1),
  'kafka-offline-partitions': gauge('kafka_offline_partitions', 'region="east"', 1, 0),
  'kafka-under-replicated': gauge('kafka_under_replicated_partitions', 'region="east"', 1, 0),
  'elasticsearch-red': gauge('elasticsearch_status', 'region="east"', 2, 1),
  'elasticsearch-yellow': gauge('elasticsearch_status', 'region="east"', 1, 0),
  'elasticsearch-disk': gauge('elasticsearch_disk_ratio', 'region="east"', 0.95, 0.5),
  'region-difference': { fires: { ...counts(10_000_000, 9_999_000), ...hour(1_000, 0) }, quiet: { ...counts(10_000, 9_997), ...hour(1_000, 997) } },
  'traffic-drop': { fires: before(100, 1_000, 2_000), quiet: before(100, 1_000, 150), more: { fires: [yesterday], quiet: [] } },
  'clock-skew': gauge('process_clock_ahead_seconds', HOST, 60, 0.5),
  'mixed-code': { fires: { 'sluice_observed_process_code{lane="a", host="h1", code="1"}': always(1), 'sluice_observed_process_code{lane="a", host="h2", code="2"}': always(1) }, quiet: { 'sluice_observed_process_code{lane="a", host="h1", code="1"}': always(1), 'sluice_observed_process_code{lane="a", host="h2", code="1"}': always(1) } },
  'restart-loop': { fires: { [`sluice_observed_process_start_time_seconds{${HOST}}`]: '0x20 120x20 240x20 360x20 480x40' }, quiet: { [`sluice_observed_process_start_time_seconds{${HOST}}`]: always(0) } },
  'host-memory': gauge('process_memory_ratio', HOST, 0.95, 0.5),
  'host-event-loop': gauge('process_loop_delay_seconds', HOST, 2, 0.01),
  'host-disk': gauge('process_disk_ratio', HOST, 0.97, 0.5),
  'heartbeat-missing': gauge('heartbeat_age_seconds', LANE, 90, 12),
  'heartbeat-availability': { fires: day(0.99), quiet: day(0.9999) },
  'freshness-burn-fast': { fires: beats(['60m', '5m', '1m'], 0.95), quiet: { ...beats(['60m', '5m'], 0.95), ...beats(['1m'], 1) } },
  'freshness-burn-slow': { fires: beats(['360m', '30m', '1m'], 0.99), quiet: beats(['360m', '30m', '1m'], 0.996) },
  'audit-differences': gauge('audit_differences', 'index="things-2026.11"', 2, 0),
  'audit-overdue': {
    fires: { sluice_observed_audit_age_seconds: always(4_000), sluice_observed_audit_every_seconds: always(600) },
    quiet: { sluice_observed_audit_age_seconds: always(4_000), sluice_observed_audit_every_seconds: always(3_600) },
  },
  'certificate-expiry': gauge('certificate_seconds', 'certificate="c"', 1_000_000, 9_000_000),
  'certificate-ends': gauge('certificate_seconds', 'certificate="c"', -5, 1_000_000),
};
