import { documentBytes } from '../domain/fingerprint.ts';
import type { DocumentWrite } from '../redrive/plan.ts';
import { best, type Copy, type Kind, type Target, type Verdict } from './judge.ts';

/**
 * - `lost`: nothing that is still under way can mend it.
 * - `failed`: the region's failure index has it; mending that is redrive's work.
 * - `in-flight`: it changed while it was looked at, or a lane has yet to bring what is missing.
 */
export type Why = 'lost' | 'failed' | 'in-flight';

export type Copies = ReadonlyMap<string, Copy | null>;

/** One document that the regions do not hold alike. */
export interface Finding {
  readonly pipeline: string;
  readonly index: string;
  readonly id: string;
  readonly kind: Kind;
  readonly why: Why;
  /** For people: which failure, which lane. */
  readonly reason: string;
  readonly copies: Copies;
  readonly target: Target;
  /** Regions that must change. */
  readonly regions: readonly string[];
  /** Where it belongs, when that is another index. */
  readonly home: Home | null;
}

/** The index that a document's routing time says, and what it holds of it. */
export interface Home {
  readonly index: string;
  readonly copies: Copies;
}

/** The verdict on copies in the wrong index: they go, and their home gets what is newer. Null where the home does not know the document. */
export function misplaced(copies: Copies, home: Home): Verdict | null {
  if ([...home.copies.values()].every((copy) => copy === null)) return null;
  return { kind: 'wrong-index', target: null, regions: [...copies].flatMap(([region, copy]) => (copy === null ? [] : [region])) };
}

/** What must be written to mend a document, by region: `first` before `then`, so that nothing is ever gone everywhere. */
export function mendingOf(finding: Finding, now: number): { first: Map<string, DocumentWrite>; then: Map<string, DocumentWrite> } {
  const { id, index, copies, target, regions } = finding;
  const first = finding.home === null ? new Map<string, DocumentWrite>() : homeWrites(id, finding.home, copies, now);
  const then = new Map(regions.map((region) => {
    const copy = copies.get(region) ?? null;
    return [region, target === null ? removal(id, index, copy as Copy) : rewrite(id, index, target, copy, now)] as const;
  }));
  return { first, then };
}

/** The newest of all copies, where the home lacks it. */
function homeWrites(id: string, home: Home, displaced: Copies, now: number): Map<string, DocumentWrite> {
  const there = [...displaced.values(), ...home.copies.values()].filter((copy) => copy !== null);
  const newest = best(id, there);
  const lacking = [...home.copies].filter(([, copy]) => copy === null || copy.version < newest.version);
  return new Map(lacking.map(([region, copy]) => [region, rewrite(id, home.index, newest, copy, now)]));
}

/** Its own version, or a newer one, is never overwritten: only an equal one with other contents is. */
function rewrite(id: string, index: string, { version, content }: Copy, copy: Copy | null, now: number): DocumentWrite {
  const value = documentBytes(content.json, { id, version, deleted: content.deleted });
  const tombstone = content.origin?.['tombstone_at'];
  return {
    operation: 'index', index, id, version, value, versionType: copy?.version === version ? 'external_gte' : 'external',
    ...(content.deleted ? { tombstoneAt: typeof tombstone === 'number' ? tombstone : now } : {}),
  };
}

/** Takes this version, and no newer one. */
function removal(id: string, index: string, { version }: Copy): DocumentWrite {
  return { operation: 'delete', index, id, version, value: null, versionType: 'external_gte' };
}
