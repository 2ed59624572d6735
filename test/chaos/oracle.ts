import type { Documents } from './model.ts';

/** Examples kept of each finding; all are counted. */
const MAX_EXAMPLES = 10;

export type FindingKind = 'lost' | 'resurrected' | 'wrongVersion' | 'wrongContent' | 'unexpected' | 'regionDifferences' | 'earlyCommits';

/** What is wrong, counted by kind, with some examples in words. */
export class Findings {
  readonly counts: Record<FindingKind, number> = { lost: 0, resurrected: 0, wrongVersion: 0, wrongContent: 0, unexpected: 0, regionDifferences: 0, earlyCommits: 0 };
  readonly examples: string[] = [];

  add(kind: FindingKind, example: string): void {
    this.counts[kind] += 1;
    if (this.counts[kind] <= MAX_EXAMPLES) this.examples.push(`${kind}: ${example}`);
  }

  get none(): boolean { return Object.values(this.counts).every((count) => count === 0); }
}

/** Every document must stand in the region as the model says, removed ones as tombstones of the right version. */
export function judgeDocuments(findings: Findings, region: string, expected: Documents, found: Documents): void {
  for (const [key, wanted] of expected) {
    const actual = found.get(key);
    if (actual === undefined) findings.add('lost', `${region} has no ${key}, expected version ${wanted.version}${wanted.deleted ? ', a tombstone' : ''}`);
    else if (wanted.deleted && !actual.deleted) findings.add('resurrected', `${region} has ${key} alive at version ${actual.version}, removed at ${wanted.version}`);
    else if (actual.version !== wanted.version) findings.add('wrongVersion', `${region} has ${key} at version ${actual.version}, expected ${wanted.version}`);
    else if (actual.digest !== wanted.digest) findings.add('wrongContent', `${region} has other fields in ${key} at version ${actual.version}`);
  }
  for (const key of found.keys()) if (!expected.has(key)) findings.add('unexpected', `${region} holds ${key}, which nothing asked for`);
}

/** The alias for search must show all that lives and nothing that was removed. `visible`: live and deleted documents seen through it. */
export function judgeVisible(findings: Findings, region: string, expected: Documents, visible: { readonly live: number; readonly deleted: number }): void {
  const live = [...expected.values()].filter((sketch) => !sketch.deleted).length;
  for (let at = 0; at < visible.deleted; at += 1) findings.add('resurrected', `${region} shows a removed document in search`);
  if (visible.live !== live) findings.add('wrongContent', `${region} shows ${visible.live} documents in search, expected ${live}`);
}

export function judgeRegions(findings: Findings, left: string, right: string, ofLeft: Documents, ofRight: Documents): void {
  for (const key of new Set([...ofLeft.keys(), ...ofRight.keys()])) {
    const [one, other] = [ofLeft.get(key), ofRight.get(key)];
    if (one?.version !== other?.version || one?.digest !== other?.digest) findings.add('regionDifferences', `${key}: ${left} has version ${one?.version}, ${right} has ${other?.version}`);
  }
}

/** Every record that cannot become a document must have its failure document, and no other record may. */
export function judgeFailures(findings: Findings, region: string, expected: ReadonlySet<string>, found: ReadonlySet<string>): void {
  for (const key of expected) if (!found.has(key)) findings.add('lost', `${region} has no failure document for ${key}`);
  for (const key of found) if (!expected.has(key)) findings.add('unexpected', `${region} has a failure document for ${key}, which is sound`);
}

/** Offsets of one partition, both ends included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

/** The same offsets in as few stretches as possible, in order. */
export function merged(stretches: readonly Stretch[]): Stretch[] {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of [...stretches].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else result.push({ first, last });
  }
  return result;
}

/** Offsets from `from` and below `committed` that no settled stretch covers. */
export function uncovered(from: number, committed: number, settled: readonly Stretch[]): Stretch[] {
  const gaps: Stretch[] = [];
  let next = from;
  for (const { first, last } of merged(settled)) {
    if (next >= committed) break;
    if (first > next) gaps.push({ first: next, last: Math.min(first, committed) - 1 });
    next = Math.max(next, last + 1);
  }
  if (next < committed) gaps.push({ first: next, last: committed - 1 });
  return gaps;
}

/** A source record, as far as it concerns a region: what of it must be in that region's topic. */
export interface Awaited {
  readonly offset: number;
  /** `pipeline/id@version`, or `failure/topic/partition/offset`. */
  readonly mark: string;
}

/** Source records below a region's position of which the region was not given anything. */
export function ungiven(records: readonly Awaited[], from: number, position: number, given: ReadonlySet<string>): Awaited[] {
  return records.filter(({ offset, mark }) => offset >= from && offset < position && !given.has(mark));
}
