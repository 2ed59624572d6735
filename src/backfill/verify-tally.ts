import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Verdict, Wanted } from './verdict.ts';

/** Findings of a kind that are listed one by one; all are counted. */
export const MAX_LISTED = 100;

const count = z.int().nonnegative();

/** One document that is not as its row says, or is newer. */
const finding = z.strictObject({
  kind: z.enum(['missing', 'older', 'different', 'failed', 'superseded']),
  index: z.string(), id: z.string(),
  file: z.string(), rowGroup: count, row: count,
  /** Version in the extract; null for a row that could not become a document. */
  version: z.int().nullable(),
  found: z.int().nullable(),
  /** What is different, what failed, or why the newer one is right. */
  detail: z.string(),
});
export type Finding = z.output<typeof finding>;

const day = z.strictObject({
  index: z.string(), day: z.string(),
  /** Rows that became documents or failures. */
  rows: count,
  same: count, missing: count, older: count, different: count, failed: count,
  /** By who wrote the higher version. */
  superseded: z.record(z.string(), count),
  /** Documents that were compared whole; the others by version and fingerprint. */
  compared: count,
  /** Sums over id and version of all but the superseded ones, in the extract and in the index: equal where the same versions stand in both. */
  fingerprint: z.strictObject({ extract: z.string(), index: z.string() }),
});
export type VerifiedDay = z.output<typeof day>;

export const verifiedRegionSchema = z.strictObject({
  ok: z.boolean(),
  days: z.array(day),
  /** Documents of the plan's indices, tombstones included: more than the extract's where others wrote there, too. */
  indices: z.array(z.strictObject({ index: z.string(), documents: count })),
  /** Documents in those indices that lack a new field of the case and were not written by this cycle: the warehouse has no row for them, or a newer event came. */
  withoutNewFields: z.strictObject({ documents: count, ids: z.array(z.string()) }),
  findings: z.array(finding),
});
export type VerifiedRegion = z.output<typeof verifiedRegionSchema>;

export type Where = Pick<Finding, 'index' | 'id' | 'file' | 'rowGroup' | 'row'> & { readonly day: string };

interface Sums { readonly day: VerifiedDay; extract: bigint; index: bigint }

/** Counts every verdict by index and day, and keeps the first findings of each kind. */
export class VerifyTally {
  readonly #days = new Map<string, Sums>();
  readonly #findings = new Map<Finding['kind'], Finding[]>();

  add(where: Where, wanted: Pick<Wanted, 'version'>, verdict: Verdict, compared: boolean): void {
    const sums = this.#of(where);
    sums.day.rows += 1;
    if (compared) sums.day.compared += 1;
    if (verdict.kind === 'superseded') {
      sums.day.superseded[verdict.by] = (sums.day.superseded[verdict.by] ?? 0) + 1;
      return this.#list('superseded', where, wanted.version, verdict.version, `${verdict.why}, by ${verdict.by}`);
    }
    sums.day[verdict.kind] += 1;
    sums.extract += markOf(where.id, wanted.version);
    const found = verdict.kind === 'missing' ? null : verdict.kind === 'older' ? verdict.version : wanted.version;
    if (found !== null) sums.index += markOf(where.id, found);
    if (verdict.kind !== 'same') this.#list(verdict.kind, where, wanted.version, found, verdict.kind === 'different' ? verdict.fields.join('; ') : '');
  }

  /** A row that is in the failure index instead. */
  failed(where: Where, version: number | null, detail: string): void {
    const sums = this.#of(where);
    sums.day.rows += 1;
    sums.day.failed += 1;
    this.#list('failed', where, version, null, detail);
  }

  get days(): VerifiedDay[] {
    return [...this.#days.values()].map(({ day: one, extract, index }) => ({ ...one, fingerprint: { extract: textOf(extract), index: textOf(index) } }))
      .sort((a, b) => `${a.index} ${a.day}`.localeCompare(`${b.index} ${b.day}`));
  }

  get findings(): Finding[] { return [...this.#findings.values()].flat(); }
  get ok(): boolean { return [...this.#days.values()].every(({ day: { missing, older, different, failed } }) => missing + older + different + failed === 0); }

  #of({ index, day: dt }: Where): Sums {
    const key = `${index} ${dt}`;
    let sums = this.#days.get(key);
    if (sums === undefined) {
      const one: VerifiedDay = { index, day: dt, rows: 0, same: 0, missing: 0, older: 0, different: 0, failed: 0, superseded: {}, compared: 0, fingerprint: { extract: '', index: '' } };
      sums = { day: one, extract: 0n, index: 0n };
      this.#days.set(key, sums);
    }
    return sums;
  }

  #list(kind: Finding['kind'], { day: _, ...where }: Where, version: number | null, found: number | null, detail: string): void {
    const listed = this.#findings.get(kind) ?? [];
    if (listed.length < MAX_LISTED) this.#findings.set(kind, [...listed, { kind, ...where, version, found, detail }]);
  }
}

const DIGEST_BITS = 64;

/** A sum of these says the same whatever the order. */
function markOf(id: string, version: number): bigint {
  return createHash('sha256').update(`${id}\0${version}`).digest().readBigUInt64BE();
}

function textOf(sum: bigint): string {
  return BigInt.asUintN(DIGEST_BITS, sum).toString(16).padStart(DIGEST_BITS / 4, '0');
}
