import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];

/** Every figure of one lane, under `sluice_lane_*`; the process labels its registry with the lane and the host. */
export interface LaneMetrics {
  readonly records: Counter;
  readonly recordBytes: Counter;
  readonly outcomes: Counter<'outcome'>;
  readonly failures: Counter<'stage' | 'type'>;
  readonly shadowed: Counter;
  readonly retried: Counter;
  readonly requests: Counter<'result'>;
  readonly unknownAnswers: Counter;
  readonly batches: Counter;
  readonly batchBytes: Counter;
  readonly batchSeconds: Histogram;
  readonly bulkSeconds: Histogram;
  readonly gateSeconds: Histogram;
  readonly sourceToSettledSeconds: Histogram;
  readonly inFlightBatches: Gauge;
  readonly heldBytes: Gauge;
  readonly window: Gauge;
  readonly rateLimit: Gauge<'unit' | 'by'>;
  readonly lagRecords: Gauge<'topic' | 'partition'>;
  readonly lagSeconds: Gauge;
  readonly freshnessSeconds: Gauge;
  readonly gate: Gauge<'state'>;
  readonly commits: Counter<'result'>;
  readonly rebalances: Counter;
  readonly unreadable: Counter<'code'>;
}

/** Failure types that get a label of their own; the rest count as `other`, so that bad input cannot multiply the series. */
const MAX_FAILURE_TYPES = 50;

export function laneMetrics(registry: Registry): LaneMetrics {
  const registers = [registry];
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) => new Counter<Label>({ name: `sluice_lane_${name}`, help, labelNames, registers });
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) => new Gauge<Label>({ name: `sluice_lane_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string) => new Histogram({ name: `sluice_lane_${name}`, help, buckets: SECONDS, registers });
  return {
    records: counter('records_total', 'Records taken from the regional topics'),
    recordBytes: counter('record_bytes_total', 'Bytes of the fetched blocks'),
    outcomes: counter('operations_total', 'Operations settled, by outcome', ['outcome']),
    failures: counter('failures_total', 'Failure documents written, by stage and error type', ['stage', 'type']),
    shadowed: counter('shadowed_operations_total', 'Superseded operations that were never sent: a newer one of the same document was in the same batch'),
    retried: counter('retried_operations_total', 'Operations sent again because of the cluster'),
    requests: counter('bulk_requests_total', 'Bulk requests, by what came of them', ['result']),
    unknownAnswers: counter('unknown_answers_total', 'Answers that the outcome table does not name: look at the log'),
    batches: counter('batches_total', 'Batches settled'),
    batchBytes: counter('batch_bytes_total', 'Bytes of the bulk bodies of settled batches'),
    batchSeconds: histogram('batch_seconds', 'From opening a batch to its settlement'),
    bulkSeconds: histogram('bulk_seconds', 'One bulk request, answer included'),
    gateSeconds: histogram('gate_seconds', 'Waiting for the gate before a request'),
    sourceToSettledSeconds: histogram('source_to_settled_seconds', 'From the source record of the oldest operation of a batch to its settlement'),
    inFlightBatches: gauge('in_flight_batches', 'Batches being delivered'),
    heldBytes: gauge('held_bytes', 'Bytes held by batches, open and in flight'),
    window: gauge('window_operations', 'Operations that may be in flight, as the controller found'),
    rateLimit: gauge('rate_limit', 'What this host may send per second; absent where nothing limits it', ['unit', 'by']),
    lagRecords: gauge('lag_records', 'Records not settled yet', ['topic', 'partition']),
    lagSeconds: gauge('lag_seconds', 'Age of what was settled last (before the first: time with a lag), 0 when nothing is left'),
    freshnessSeconds: gauge('freshness_seconds', 'Source record to settlement, of the newest operation of the last batch'),
    gate: gauge('gate_state', '1 for the state the gate is in', ['state']),
    commits: counter('commits_total', 'Offset commits, by result', ['result']),
    unreadable: counter('unreadable_polls_total', 'Polls that met records which cannot be decoded, or were denied: look at the log', ['code']),
    rebalances: counter('rebalances_total', 'Times that partitions were assigned'),
  };
}

/** Bounds the label values that bad input can create. */
export class TypeLabels {
  readonly #known = new Set<string>();

  of(type: string): string {
    if (this.#known.has(type)) return type;
    if (this.#known.size >= MAX_FAILURE_TYPES) return 'other';
    this.#known.add(type);
    return type;
  }
}
