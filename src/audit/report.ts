import type { RegionOutcomes } from '../redrive/outcome.ts';
import type { Asked } from './asking.ts';
import type { Finding, Why } from './finding.ts';
import type { Kind } from './judge.ts';
import { isMended } from './log-entry.ts';

/** Findings that a report lists; all are counted. */
export const MAX_LISTED = 100;

/** A finding in few words. */
export interface ListedFinding {
  readonly index: string;
  readonly id: string;
  readonly kind: Kind;
  readonly why: Why;
  readonly reason: string;
  readonly regions: readonly string[];
  readonly repaired: boolean;
}

/** An index that only some of the regions have. */
export interface AbsentIndex {
  readonly index: string;
  readonly region: string;
  /** Held by the region that has most. */
  readonly documents: number;
}

/** What an audit came to. */
export class AuditReport {
  indices = 0;
  /** In the region that holds most, summed over indices. */
  documents = 0;
  /** Differences that are not in flight; repaired ones included. */
  differences = 0;
  inFlight = 0;
  repaired = 0;
  readonly byKind: Partial<Record<Kind, number>> = {};
  readonly byWhy: Partial<Record<Why, number>> = {};
  readonly findings: ListedFinding[] = [];
  /** Differences that were neither repaired nor written down: there were too many. */
  unlisted = 0;
  readonly absent: AbsentIndex[] = [];
  /** What kept indices from being audited, by index. */
  readonly problems: { readonly index: string; readonly problem: string }[] = [];
  queries = 0;
  bytes = 0;
  stopped = false;

  /** True when the regions are known to hold the same. */
  get ok(): boolean { return this.differences === this.repaired && this.absent.length === 0 && this.problems.length === 0 && !this.stopped; }

  /** `outcomes`: of its repair; null where none was tried. */
  add(finding: Finding, outcomes: RegionOutcomes | null): void {
    const { index, id, kind, why, reason, regions } = finding;
    const repaired = outcomes !== null && isMended(outcomes);
    this.byWhy[why] = (this.byWhy[why] ?? 0) + 1;
    if (why === 'in-flight') this.inFlight += 1;
    else {
      this.differences += 1;
      this.byKind[kind] = (this.byKind[kind] ?? 0) + 1;
    }
    if (repaired) this.repaired += 1;
    if (this.findings.length < MAX_LISTED) this.findings.push({ index, id, kind, why, reason, regions, repaired });
  }

  /** Adds what the audit of a further index came to. */
  join(other: AuditReport): void {
    for (const count of ['indices', 'documents', 'differences', 'inFlight', 'repaired', 'unlisted', 'queries', 'bytes'] as const) this[count] += other[count];
    for (const [kind, count] of Object.entries(other.byKind) as [Kind, number][]) this.byKind[kind] = (this.byKind[kind] ?? 0) + count;
    for (const [why, count] of Object.entries(other.byWhy) as [Why, number][]) this.byWhy[why] = (this.byWhy[why] ?? 0) + count;
    this.findings.push(...other.findings.slice(0, MAX_LISTED - this.findings.length));
    this.absent.push(...other.absent);
    this.problems.push(...other.problems);
    this.stopped ||= other.stopped;
  }

  count({ queries, bytes }: Asked): void {
    this.queries += queries;
    this.bytes += bytes;
  }

  toJSON(): object {
    const { ok, indices, documents, differences, repaired, inFlight, byKind, byWhy, findings, unlisted, absent, problems, queries, bytes, stopped } = this;
    return { ok, indices, documents, differences, repaired, inFlight, byKind, byWhy, findings, unlisted, absent, problems, queries, bytes, stopped };
  }
}
