/** The group that ingest members join: it spreads the source partitions. */
export function memberGroup(prefix: string): string {
  return `${prefix}sluice.ingest`;
}

/** The group without members under which one region's positions are kept. */
export function positionGroup(prefix: string, region: string): string {
  return `${prefix}sluice.ingest.${region}`;
}
