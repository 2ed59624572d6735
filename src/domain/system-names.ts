import { indexNameOf, type Period } from './index-name.ts';

/** Pipeline name, in envelopes and topics, of what failed at ingest: it travels like any document. */
export const FAILURES_PIPELINE = 'failures';
/** Its schema number. */
export const FAILURES_SCHEMA = 1;
/** Base name of the failure index; dated by the failed record's timestamp, so a replay finds its document. */
export const FAILURES_INDEX = 'sluice-failures';
/** Base name of the batch-metadata index. */
export const BATCHES_INDEX = 'sluice-batches';
/** Base name of the index of repairs by an audit. */
export const AUDITS_INDEX = 'sluice-audits';
/** Base name of the index of alerts, silences and the monitor's lease; dated by the beginning of an alert. */
export const ALERTS_INDEX = 'sluice-alerts';
/** Base name of the index with a report for each backfill cycle. */
export const BACKFILLS_INDEX = 'sluice-backfills';
/** Pipeline name, in envelopes, of heartbeats: they travel in the topics of the data, and have an index of their own. */
export const HEARTBEATS_PIPELINE = 'heartbeats';
export const HEARTBEATS_SCHEMA = 1;
/** Base name of their index; dated by when they were emitted. */
export const HEARTBEATS_INDEX = 'sluice-heartbeats';

/** The dated indices that Sluice keeps for itself in every region, and how much time each of them covers. */
export const OWN_PERIODS = {
  [FAILURES_INDEX]: 'month',
  [BATCHES_INDEX]: 'month',
  [AUDITS_INDEX]: 'month',
  [ALERTS_INDEX]: 'month',
  [HEARTBEATS_INDEX]: 'day',
} as const satisfies Readonly<Record<string, Period>>;
export type OwnIndex = keyof typeof OWN_PERIODS;
export const OWN_INDICES = Object.keys(OWN_PERIODS) as readonly OwnIndex[];

/** The one of Sluice's own indices that something of this time (epoch ms) goes into. */
export function ownIndexOf(prefix: string, base: OwnIndex, time: number): string {
  return indexNameOf(prefix + base, OWN_PERIODS[base], time);
}
