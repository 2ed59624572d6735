const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Source topic and regional topic: what ingest catches up with begins its retention anew in the second one. */
const TOPICS_ON_THE_WAY = 2;
/** Of the time that topics keep records, how long an extract is good for: the rest is how far a warehouse may be behind. */
const EXTRACT_SHARE = 0.75;

/** For how long an older write of a removed document can still come, ms, and so how long its tombstone has to stay. */
export function replayHorizonMs(retentionHours: number): number {
  return TOPICS_ON_THE_WAY * retentionHours * HOUR_MS + DAY_MS;
}

/** How long after it was made an extract may be loaded, ms: what it holds may have been removed since, and the tombstone forgotten. */
export function extractLifeMs(retentionHours: number): number {
  return EXTRACT_SHARE * retentionHours * HOUR_MS;
}
