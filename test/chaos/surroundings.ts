import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a Sluice process finds around itself; `surroundings-hook.ts` makes it so inside the process. */
export interface Surroundings {
  /** How far its wall clock is ahead, ms. */
  readonly clockMs: number;
  /** Whether the names of the servers are found. */
  readonly names: boolean;
}

/** Environment variable with the file that a process reads its surroundings from. */
export const SURROUNDINGS_ENV = 'SLUICE_CHAOS_SURROUNDINGS';
/** How often a process looks, ms. */
export const LOOK_MS = 100;
/** Servers go by names that end so; they lead to this machine, as long as they are found. */
const DOMAIN = '.sluice.test';
export const GOOD: Surroundings = { clockMs: 0, names: true };

/** `kafka-west` → the name that processes know it by. */
export function hostOf(server: string): string {
  return `${server}${DOMAIN}`;
}

export function isServerName(host: string): boolean {
  return host.endsWith(DOMAIN);
}

/** Clock and name service of every group of processes, which can be made bad and good again at any time. */
export class AllSurroundings {
  readonly #folder: string;
  readonly #known = new Map<string, Surroundings>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  fileOf(group: string): string {
    return join(this.#folder, `surroundings-${group}.json`);
  }

  /** Takes effect in running processes soon, and in those that are started later at once. */
  set(group: string, changes: Partial<Surroundings>): void {
    const now = { ...(this.#known.get(group) ?? GOOD), ...changes };
    this.#known.set(group, now);
    // Renamed into its place, so that nobody reads half of it.
    writeFileSync(`${this.fileOf(group)}.new`, JSON.stringify(now));
    renameSync(`${this.fileOf(group)}.new`, this.fileOf(group));
  }

  /** Everything is as it should be. */
  heal(): void {
    for (const group of this.#known.keys()) this.set(group, GOOD);
  }
}
