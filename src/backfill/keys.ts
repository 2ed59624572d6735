/** Where everything about a cycle lies in the object store, below the configured prefix. */
export interface CycleKeys {
  readonly plan: string;
  readonly manifest: string;
  readonly control: string;
  /** What a look at every row found last in a region. */
  verified(region: string): string;
  /** A data file of one try at extracting: a try that was not finished is never taken for another. */
  data(attempt: string, file: string): string;
  lease(region: string, group: number): string;
  done(region: string, group: number): string;
  readonly leases: (region: string) => string;
  readonly dones: (region: string) => string;
}

const GROUP_DIGITS = 6;

export function keysOf(prefix: string, cycle: string): CycleKeys {
  const folder = `${prefix}${cycle}/`;
  const number = (group: number): string => String(group).padStart(GROUP_DIGITS, '0');
  const leases = (region: string): string => `${folder}leases/${region}/`;
  const dones = (region: string): string => `${folder}done/${region}/`;
  return {
    plan: `${folder}plan.json`,
    manifest: `${folder}manifest.json`,
    control: `${folder}control.json`,
    verified: (region) => `${folder}verified/${region}.json`,
    data: (attempt, file) => `${folder}data/${attempt}/${file}`,
    lease: (region, group) => leases(region) + number(group),
    done: (region, group) => dones(region) + number(group),
    leases, dones,
  };
}

/** The number of the row group that a lease or a done key is about. */
export function groupOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}

/** `missed-events-20261125t101112-3f2a9c`: sorts by case, then by time. */
export function cycleId(caseName: string, now: number, random: string): string {
  return `${caseName}-${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}-${random}`;
}

/** What a cycle may be called on a command line. */
export function isCycleId(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,120}$/.test(text);
}
