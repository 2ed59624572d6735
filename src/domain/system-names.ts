/** Pipeline name, in envelopes and topics, of what failed at ingest: it travels like any document. */
export const FAILURES_PIPELINE = 'failures';
/** Its schema number. */
export const FAILURES_SCHEMA = 1;
/** Base name of the failure index; its period is the month of the failed record's timestamp, so a replay finds its document. */
export const FAILURES_INDEX = 'sluice-failures';
/** Base name of the batch-metadata index. */
export const BATCHES_INDEX = 'sluice-batches';
/** Base name of the index of alerts, silences and the monitor's lease; its period is the month. */
export const ALERTS_INDEX = 'sluice-alerts';
/** Base name of the index with a report for each backfill cycle. */
export const BACKFILLS_INDEX = 'sluice-backfills';
