import { indexNameOf } from '../domain/index-name.ts';
import type { AuditedIndex } from './audit.ts';
import { periodOf } from './indices.ts';

/** When indices are audited again. */
export interface Pace {
  /** Of recent ones, ms. */
  readonly recentEveryMs: number;
  /** One older index after the other, ms from one to the next. */
  readonly olderEveryMs: number;
}

/** How many of the latest days count as recent: late events write to these. */
const RECENT_DAYS = 2;
const DAY_MS = 86_400_000;

/** Which index is next: recent ones as soon as they are due, else, at a slower beat, the older one that was not audited for longest. */
export class Schedule {
  readonly #pace: Pace;
  readonly #audited = new Map<string, number>();
  #olderAt = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** The next index at this moment (`now` in epoch ms), and how long to wait first, ms; null where there is none at all. */
  next(indices: readonly AuditedIndex[], now: number): { readonly index: AuditedIndex; readonly wait: number } | null {
    const recent = earliest(indices.filter((index) => isRecent(index, now)), (index) => this.#at(index) + this.#pace.recentEveryMs, now);
    const older = earliest(indices.filter((index) => !isRecent(index, now)), (index) => Math.max(this.#at(index), this.#olderAt) + this.#pace.olderEveryMs, now, (index) => this.#at(index));
    if (recent === null || older === null) return recent ?? older;
    return older.wait < recent.wait ? older : recent;
  }

  done({ index }: AuditedIndex, recent: boolean, now: number): void {
    this.#audited.set(index, now);
    if (!recent) this.#olderAt = now;
  }

  /** Indices that are no more are forgotten. */
  keep(indices: readonly AuditedIndex[]): void {
    const names = new Set(indices.map(({ index }) => index));
    for (const name of this.#audited.keys()) if (!names.has(name)) this.#audited.delete(name);
  }

  #at({ index }: AuditedIndex): number {
    return this.#audited.get(index) ?? 0;
  }
}

/** Whether the index holds one of the latest days, or days to come. */
export function isRecent(audited: AuditedIndex, now: number): boolean {
  const { pipeline, index } = audited;
  return periodOf(audited) >= periodOf({ index: indexNameOf(index, pipeline.index.period, now - RECENT_DAYS * DAY_MS) });
}

function earliest(indices: readonly AuditedIndex[], dueAt: (index: AuditedIndex) => number, now: number, order: (index: AuditedIndex) => number = dueAt): { index: AuditedIndex; wait: number } | null {
  const [first] = [...indices].sort((a, b) => dueAt(a) - dueAt(b) || order(a) - order(b));
  return first === undefined ? null : { index: first, wait: Math.max(0, dueAt(first) - now) };
}
