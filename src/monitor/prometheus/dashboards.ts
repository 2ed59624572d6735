import { LOOP_RESOLUTION_MS } from '../../observability/process-figures.ts';

/** One panel: what it shows, and in which unit (as Grafana names it). */
interface Panel {
  readonly title: string;
  readonly unit: string;
  /** Legend → query. */
  readonly queries: Readonly<Record<string, string>>;
}

export interface Dashboard {
  readonly name: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const COLUMNS = 24;
const WIDTH = 12;
const HEIGHT = 8;
const SCHEMA_VERSION = 39;

/** The dashboards of Sluice. */
export const DASHBOARDS: readonly Dashboard[] = [
  {
    name: 'lanes', title: 'Sluice: lanes', panels: [
      { title: 'Operations', unit: 'ops', queries: { '{{lane}}': 'sum by (lane) (rate(sluice_lane_operations_total[1m]))' } },
      { title: 'Records that wait', unit: 'short', queries: { '{{lane}}': 'max by (lane) (sluice_observed_lane_lag_records)' } },
      { title: 'Freshness', unit: 's', queries: { '{{lane}}': 'max by (lane) (sluice_lane_freshness_seconds)' } },
      { title: 'Source to settled, p99', unit: 's', queries: { '{{lane}}': 'histogram_quantile(0.99, sum by (lane, le) (rate(sluice_lane_source_to_settled_seconds_bucket[5m])))' } },
      { title: 'Bulk request, p50 and p99', unit: 's', queries: { '{{lane}} p50': 'histogram_quantile(0.5, sum by (lane, le) (rate(sluice_lane_bulk_seconds_bucket[5m])))', '{{lane}} p99': 'histogram_quantile(0.99, sum by (lane, le) (rate(sluice_lane_bulk_seconds_bucket[5m])))' } },
      { title: 'State', unit: 'short', queries: { '{{lane}} {{state}}': 'max by (lane, state) (sluice_observed_process_state)' } },
      { title: 'Outcomes', unit: 'ops', queries: { '{{lane}} {{outcome}}': 'sum by (lane, outcome) (rate(sluice_lane_operations_total[1m]))' } },
      { title: 'Operations in flight that are allowed', unit: 'short', queries: { '{{lane}} {{host}}': 'max by (lane, host) (sluice_lane_window_operations)' } },
      { title: 'Ingest: events', unit: 'ops', queries: { '{{pipeline}} {{outcome}}': 'sum by (pipeline, outcome) (rate(sluice_ingest_events_total[1m]))' } },
      { title: 'Ingest: records that wait', unit: 'short', queries: { '{{region}}': 'sum by (region) (sluice_ingest_lag_records)' } },
    ],
  },
  {
    name: 'failures', title: 'Sluice: failures', panels: [
      { title: 'Failures of lanes', unit: 'ops', queries: { '{{lane}}': 'sum by (lane) (rate(sluice_lane_operations_total{outcome=~"rejected|refused"}[5m]))' } },
      { title: 'Failures of ingest', unit: 'ops', queries: { '{{pipeline}}': 'sum by (pipeline) (rate(sluice_ingest_events_total{outcome="failed"}[5m]))' } },
      { title: 'Failures of ten minutes, by kind', unit: 'short', queries: { '{{pipeline}} {{stage}} {{type}}': 'sum by (pipeline, stage, type) (max by (lane, host, pipeline, stage, type) (sluice_observed_failures))' } },
      { title: 'Operations sent again', unit: 'ops', queries: { '{{lane}}': 'sum by (lane) (rate(sluice_lane_retried_operations_total[5m]))' } },
      { title: 'Bulk requests', unit: 'reqps', queries: { '{{lane}} {{result}}': 'sum by (lane, result) (rate(sluice_lane_bulk_requests_total[5m]))' } },
      { title: 'Differences that audits left', unit: 'short', queries: { '{{index}}': 'max by (index) (sluice_observed_audit_differences)' } },
      { title: 'Since a continuous audit ended a round', unit: 's', queries: { 'age': 'max(sluice_observed_audit_age_seconds)' } },
      { title: 'Alerts that are open', unit: 'short', queries: { '{{state}} {{severity}}': 'max by (state, severity) (sluice_monitor_alerts)' } },
    ],
  },
  {
    name: 'heartbeats', title: 'Sluice: heartbeats', panels: [
      { title: 'Availability of the last day', unit: 'percentunit', queries: { '{{lane}}': 'max by (lane) (sluice_observed_heartbeats_received{window="1440m"}) / (max by (lane) (sluice_observed_heartbeats_expected{window="1440m"}) > 0)' } },
      { title: 'Source to indexed, p95', unit: 's', queries: { '{{lane}}': 'max by (lane) (sluice_observed_heartbeat_latency_seconds)' } },
      { title: 'Median time by stage', unit: 's', queries: { '{{lane}} {{stage}}': 'max by (lane, stage) (sluice_observed_heartbeat_stage_seconds)' } },
      { title: 'Age of the newest', unit: 's', queries: { '{{lane}}': 'max by (lane) (sluice_observed_heartbeat_age_seconds)' } },
      { title: 'In time, last five minutes', unit: 'short', queries: { '{{lane}} in time': 'max by (lane) (sluice_observed_heartbeats_on_time{window="5m"})', '{{lane}} expected': 'max by (lane) (sluice_observed_heartbeats_expected{window="5m"})' } },
      { title: 'Emitted', unit: 'ops', queries: { '{{host}}': 'sum by (host) (rate(sluice_heartbeats_emitted_total[5m]))' } },
    ],
  },
  {
    name: 'kafka', title: 'Sluice: Kafka', panels: [
      { title: 'Answers', unit: 'short', queries: { '{{region}}': 'max by (region) (sluice_observed_up{cluster="kafka"})' } },
      { title: 'Brokers', unit: 'short', queries: { '{{region}}': 'max by (region) (sluice_observed_kafka_brokers)' } },
      { title: 'Partitions that are not well', unit: 'short', queries: { '{{region}} under-replicated': 'max by (region) (sluice_observed_kafka_under_replicated_partitions)', '{{region}} offline': 'max by (region) (sluice_observed_kafka_offline_partitions)' } },
      { title: 'Lag by partition', unit: 'short', queries: { '{{lane}} {{topic}}/{{partition}}': 'max by (lane, topic, partition) (sluice_observed_partition_lag_records)' } },
      { title: 'Produced', unit: 'ops', queries: { '{{region}}': 'sum by (region) (rate(sluice_ingest_produced_records_total[1m]))' } },
      { title: 'Acknowledged within, p99', unit: 's', queries: { '{{region}}': 'histogram_quantile(0.99, sum by (region, le) (rate(sluice_ingest_produce_seconds_bucket[5m])))' } },
      { title: 'Commits', unit: 'ops', queries: { '{{lane}} {{result}}': 'sum by (lane, result) (rate(sluice_lane_commits_total[5m]))' } },
      { title: 'Rebalances', unit: 'short', queries: { '{{lane}}': 'sum by (lane) (increase(sluice_lane_rebalances_total[10m]))' } },
    ],
  },
  {
    name: 'elasticsearch', title: 'Sluice: Elasticsearch', panels: [
      { title: 'Answers', unit: 'short', queries: { '{{region}}': 'max by (region) (sluice_observed_up{cluster="elasticsearch"})' } },
      { title: 'Status (0 green, 1 yellow, 2 red)', unit: 'short', queries: { '{{region}}': 'max by (region) (sluice_observed_elasticsearch_status)' } },
      { title: 'Nodes and unassigned shards', unit: 'short', queries: { '{{region}} nodes': 'max by (region) (sluice_observed_elasticsearch_nodes)', '{{region}} unassigned': 'max by (region) (sluice_observed_elasticsearch_unassigned_shards)' } },
      { title: 'Disk of the fullest node', unit: 'percentunit', queries: { '{{region}}': 'max by (region) (sluice_observed_elasticsearch_disk_ratio)' } },
      { title: 'Documents', unit: 'short', queries: { '{{region}} {{pipeline}}': 'max by (region, pipeline) (sluice_observed_documents)' } },
      { title: 'Waiting for the gate, p99', unit: 's', queries: { '{{lane}}': 'histogram_quantile(0.99, sum by (lane, le) (rate(sluice_lane_gate_seconds_bucket[5m])))' } },
      { title: 'Bytes sent', unit: 'Bps', queries: { '{{lane}}': 'sum by (lane) (rate(sluice_lane_batch_bytes_total[1m]))' } },
    ],
  },
  {
    name: 'hosts', title: 'Sluice: hosts', panels: [
      { title: 'CPU', unit: 'percentunit', queries: { '{{service}} {{instance}}': 'sum by (service, instance) (rate(process_cpu_seconds_total[1m]))' } },
      { title: 'Resident memory', unit: 'bytes', queries: { '{{service}} {{instance}}': 'max by (service, instance) (process_resident_memory_bytes)' } },
      { title: 'Share of its memory', unit: 'percentunit', queries: { '{{lane}} {{host}}': 'max by (lane, host) (sluice_observed_process_memory_ratio)' } },
      { title: 'Event loop, p99 delay', unit: 's', queries: { '{{service}} {{instance}}': `max by (service, instance) (nodejs_eventloop_lag_p99_seconds) - ${LOOP_RESOLUTION_MS / 1_000}` } },
      { title: 'Disk', unit: 'percentunit', queries: { '{{host}}': 'max by (host) (sluice_observed_process_disk_ratio)' } },
      { title: 'Silence', unit: 's', queries: { '{{lane}} {{host}}': 'max by (lane, host) (sluice_observed_process_silence_seconds)' } },
      { title: 'Bytes held', unit: 'bytes', queries: { '{{lane}} {{host}}': 'max by (lane, host) (sluice_lane_held_bytes)', 'ingest {{host}}': 'max by (host) (sluice_ingest_budget_bytes)' } },
      { title: 'Scraped', unit: 'short', queries: { '{{instance}}': 'up{job=~"sluice.*"}' } },
    ],
  },
];

/** A dashboard as Grafana (10 or newer) imports it; it asks for a Prometheus data source. */
export function grafanaJson({ name, title, panels }: Dashboard): string {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return `${JSON.stringify({
    uid: `sluice-${name}`, title, tags: ['sluice'], timezone: 'utc', schemaVersion: SCHEMA_VERSION, refresh: '10s', time: { from: 'now-1h', to: 'now' }, editable: true,
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' }] },
    panels: panels.map((panel, at) => ({
      id: at + 1, type: 'timeseries', title: panel.title, datasource,
      gridPos: { x: (at * WIDTH) % COLUMNS, y: Math.floor((at * WIDTH) / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] }, options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      targets: Object.entries(panel.queries).map(([legendFormat, expr], index) => ({ refId: String.fromCharCode(65 + index), datasource, expr, legendFormat })),
    })),
  }, null, 2)}\n`;
}
