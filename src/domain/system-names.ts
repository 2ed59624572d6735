/** Pipeline name, in envelopes and topics, of what failed at ingest: it travels like any document. */
export const FAILURES_PIPELINE = 'failures';
/** Its schema number. */
export const FAILURES_SCHEMA = 1;
/** Base name of the failure index; its period is the month of the failed record's timestamp, so a replay finds its document. */
export const FAILURES_INDEX = 'sluice-failures';
/** Base name of the batch-metadata index. */
export const BATCHES_INDEX = 'sluice-batches';
/** Base name of the index of repairs by an audit. */
export const AUDITS_INDEX = 'sluice-audits';
/** Base name of the index of alerts, silences and the monitor's lease; its period is the month. */
export const ALERTS_INDEX = 'sluice-alerts';
/** Base name of the index with a report for each backfill cycle. */
export const BACKFILLS_INDEX = 'sluice-backfills';
/** Pipeline name, in envelopes, of heartbeats: they travel in the topics of the data, and have an index of their own. */
export const HEARTBEATS_PIPELINE = 'heartbeats';
export const HEARTBEATS_SCHEMA = 1;
/** Base name of their index; its period is the day in which they were emitted. */
export const HEARTBEATS_INDEX = 'sluice-heartbeats';
