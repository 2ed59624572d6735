import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { groupOf, type CycleKeys } from './keys.ts';
import type { Group } from './manifest.ts';
import { writeJson } from './stored-json.ts';

/** What stands in the store about a row group that is done. */
export const doneSchema = z.strictObject({ worker: z.string(), rows: z.int().nonnegative(), at: z.iso.datetime() });

export interface ClaimParts {
  readonly store: ObjectStore;
  readonly keys: CycleKeys;
  readonly region: string;
  readonly worker: string;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/** A lease of somebody else: taken for dead once it has stood unchanged for `leaseMs` of our own clock, so no two clocks are compared. */
interface Seen { readonly etag: string; readonly since: number }

/**
 * Which row groups are whose, for one region. A lease is an object that only one can create, renew or take over, by
 * conditional writes; a group is done when its `done` object stands there.
 */
export class Claims {
  readonly #parts: ClaimParts;
  readonly #groups: readonly Group[];
  readonly #done = new Set<number>();
  readonly #others = new Map<number, Seen>();
  readonly #mine = new Map<number, string>();
  #beat = 0;

  constructor(parts: ClaimParts, groups: readonly Group[]) {
    this.#parts = parts;
    this.#groups = groups;
  }

  get doneRows(): number { return this.#groups.reduce((sum, { number, rows }) => sum + (this.#done.has(number) ? rows : 0), 0); }
  get doneGroups(): number { return this.#done.size; }
  get complete(): boolean { return this.#done.size === this.#groups.length; }
  get mine(): readonly number[] { return [...this.#mine.keys()]; }

  /** Looks at what others have done and hold. */
  async refresh(): Promise<void> {
    const { store, keys, region, clock } = this.#parts;
    for await (const { key } of store.list(keys.dones(region))) this.#done.add(groupOf(key));
    const seen = new Map<number, Seen>();
    for await (const { key, etag } of store.list(keys.leases(region))) {
      const known = this.#others.get(groupOf(key));
      seen.set(groupOf(key), known?.etag === etag ? known : { etag, since: clock.monotonic() });
    }
    this.#others.clear();
    for (const [group, lease] of seen) if (!this.#mine.has(group)) this.#others.set(group, lease);
  }

  /** Leases the first group that is neither done nor held by a living worker; null where there is none now. */
  async next(): Promise<Group | null> {
    for (const group of this.#groups) {
      if (this.#done.has(group.number) || this.#mine.has(group.number) || this.#isAlive(group.number)) continue;
      if (await this.#take(group.number)) return group;
    }
    return null;
  }

  /** Renews every lease; returns the groups that were lost to somebody else. */
  async renew(): Promise<number[]> {
    const lost: number[] = [];
    for (const [group, etag] of this.#mine) {
      const written = await this.#write(group, etag);
      if (!this.#mine.has(group)) continue; // finished meanwhile
      if (written !== null) this.#mine.set(group, written);
      else {
        this.#mine.delete(group);
        lost.push(group);
      }
    }
    return lost;
  }

  /** Marks a group as done, for good, and gives the lease up. */
  async finish(group: Group): Promise<void> {
    const { store, keys, region, worker, clock } = this.#parts;
    await writeJson(store, keys.done(region, group.number), { worker, rows: group.rows, at: new Date(clock.now()).toISOString() }, { kind: 'absent' });
    this.#done.add(group.number);
    await this.release(group.number);
  }

  /** Gives a lease up, so that others need not wait for it to run out: renewed first, since it may be somebody else's by now. */
  async release(group: number): Promise<void> {
    const etag = this.#mine.get(group);
    if (etag === undefined) return;
    this.#mine.delete(group);
    if (this.#done.has(group) || (await this.#write(group, etag)) !== null) await this.#parts.store.remove(this.#parts.keys.lease(this.#parts.region, group));
  }

  #isAlive(group: number): boolean {
    const seen = this.#others.get(group);
    return seen !== undefined && this.#parts.clock.monotonic() - seen.since < this.#parts.leaseMs;
  }

  async #take(group: number): Promise<boolean> {
    const dead = this.#others.get(group);
    const etag = await this.#write(group, dead?.etag ?? null);
    if (etag === null) {
      this.#others.set(group, { etag: '', since: this.#parts.clock.monotonic() });
      return false;
    }
    this.#others.delete(group);
    this.#mine.set(group, etag);
    return true;
  }

  /** Each writing differs, since its mark must. */
  async #write(group: number, etag: string | null): Promise<string | null> {
    const { store, keys, region, worker } = this.#parts;
    this.#beat += 1;
    const written = await writeJson(store, keys.lease(region, group), { worker, beat: this.#beat }, etag === null ? { kind: 'absent' } : { kind: 'match', etag });
    return written.kind === 'written' ? written.etag : null;
  }
}
