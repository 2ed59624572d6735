/** Primary: into the lane's own region. Secondary: into the other region. */
export type Role = 'primary' | 'secondary';

/** One source region → one destination region. */
export interface Lane {
  readonly source: string;
  readonly destination: string;
  readonly role: Role;
  /** `source-destination`, as on the command line. */
  readonly name: string;
}

/** An extract → one destination region. */
export interface BackfillLane extends Omit<Lane, 'role'> {
  readonly role: 'backfill';
}

export type VersionType = 'external' | 'external_gte';

export function laneOf(source: string, destination: string): Lane {
  return { source, destination, role: source === destination ? 'primary' : 'secondary', name: `${source}-${destination}` };
}

/** What stands for the cluster where a record is the row of an extract. */
export const WAREHOUSE = 'warehouse';

/** The lane of a backfill into one region: its source is an extract, its writes must be strictly newer. */
export function backfillLane(destination: string): BackfillLane {
  return { source: WAREHOUSE, destination, role: 'backfill', name: `backfill-${destination}` };
}

/** Every lane between the given regions: n regions make n² lanes. */
export function lanesBetween(regions: readonly string[]): Lane[] {
  return regions.flatMap((source) => regions.map((destination) => laneOf(source, destination)));
}

/** A primary may overwrite an equal version (a replay refreshes `origin`); everyone else must be strictly newer. */
export function versionTypeOf(role: Role | 'backfill'): VersionType {
  return role === 'primary' ? 'external_gte' : 'external';
}
