import { createHash } from 'node:crypto';
import type { SearchAdmin } from '../ports/search-index.ts';
import { differencesOf } from './differences.ts';
import type { Difference } from './differences.ts';
import type { ExpectedDocument, ExpectedDocuments } from './expected.ts';
import { documentsIn, periodsOf } from './read-region.ts';
import type { FoundDocument } from './read-region.ts';

/** Ids and differences that a comparison lists; all are counted. */
export const MAX_LISTED = 100;

export interface Comparison {
  readonly ok: boolean;
  /** Documents that should be there, and that are there. */
  readonly expected: number;
  readonly found: number;
  /** Documents that are missing, too many, or other than expected. */
  readonly differences: number;
  /** The first of each, at most `MAX_LISTED`. */
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly different: readonly Difference[];
}

/** Compares every id, version and field but `origin` and `fingerprint` of a region's indices `<prefix><pipeline>-*` with what is expected. */
export async function compareRegion(region: SearchAdmin, prefix: string, expected: ExpectedDocuments): Promise<Comparison> {
  const tally = new Tally();
  const base = `${prefix}${expected.pipeline}`;
  const there = await periodsOf(region, base);
  for (const period of union(expected.periods, there)) {
    const wanted = new Map<string, ExpectedDocument>();
    for await (const document of expected.documents(period)) wanted.set(document.id, document);
    tally.expected += wanted.size;
    if (there.includes(period)) {
      for await (const found of documentsIn(region, `${base}-${period}`)) tally.meet(found, wanted);
    }
    for (const id of wanted.keys()) tally.miss(id);
  }
  return tally.result();
}

/** Compares two regions with each other; `expected` and `missing` speak of what `left` holds. */
export async function compareRegions(left: SearchAdmin, right: SearchAdmin, prefix: string, pipeline: string): Promise<Comparison> {
  const tally = new Tally();
  const base = `${prefix}${pipeline}`;
  const [ofLeft, ofRight] = [await periodsOf(left, base), await periodsOf(right, base)];
  for (const period of union(ofLeft, ofRight)) {
    const index = `${base}-${period}`;
    const digests = new Map<string, string>();
    if (ofLeft.includes(period)) for await (const document of documentsIn(left, index)) digests.set(document.id, digestOf(document));
    tally.expected += digests.size;
    if (ofRight.includes(period)) {
      for await (const document of documentsIn(right, index)) tally.meetDigest(document, digests);
    }
    for (const id of digests.keys()) tally.miss(id);
  }
  return tally.result();
}

function union(left: readonly string[], right: readonly string[]): string[] {
  return [...new Set([...left, ...right])].sort();
}

/** Counts everything, keeps the first few. What was met is taken out of the expected, so that the missing remain. */
class Tally {
  expected = 0;
  #found = 0;
  #differences = 0;
  readonly #missing: string[] = [];
  readonly #unexpected: string[] = [];
  readonly #different: Difference[] = [];

  meet(found: FoundDocument, wanted: Map<string, ExpectedDocument>): void {
    this.#found += 1;
    const expected = wanted.get(found.id);
    if (expected === undefined) return this.#add(this.#unexpected, found.id);
    wanted.delete(found.id);
    const differences = [
      ...differencesOf(found.id, '_version', expected.version, found.version),
      ...differencesOf(found.id, '', expected.source, found.source),
    ];
    if (differences.length > 0) this.#add(this.#different, ...differences);
  }

  meetDigest(found: FoundDocument, digests: Map<string, string>): void {
    this.#found += 1;
    const expected = digests.get(found.id);
    if (expected === undefined) return this.#add(this.#unexpected, found.id);
    digests.delete(found.id);
    const actual = digestOf(found);
    if (expected !== actual) this.#add(this.#different, { id: found.id, field: '_version:sha1(_source)', expected, actual });
  }

  miss(id: string): void {
    this.#add(this.#missing, id);
  }

  result(): Comparison {
    return {
      ok: this.#differences === 0, expected: this.expected, found: this.#found, differences: this.#differences,
      missing: this.#missing, unexpected: this.#unexpected, different: this.#different,
    };
  }

  #add<Item>(list: Item[], ...items: readonly Item[]): void {
    this.#differences += 1;
    list.push(...items.slice(0, Math.max(0, MAX_LISTED - list.length)));
  }
}

/** Version and a hash over the fields in the order of their names. */
function digestOf({ version, source }: FoundDocument): string {
  return `${version}:${createHash('sha1').update(canonical(source)).digest('hex')}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}
