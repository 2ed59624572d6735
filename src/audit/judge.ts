import type { Content } from '../domain/content.ts';
import { fingerprintOf } from '../domain/fingerprint.ts';
import { WRITERS } from '../domain/origin.ts';

/** A document as one region holds it. */
export interface Copy {
  readonly version: number;
  readonly content: Content;
}

/**
 * - `missing`: a region has no copy.
 * - `older`: a region has an older version.
 * - `content`: one version, other contents; or one that nobody but a hand can have changed.
 * - `resurrected`: it lives in a region although another has a newer tombstone.
 * - `orphan`: some regions have it, and no writer of ours made it.
 * - `wrong-index`: a copy lies in another index than its routing time says, and the right index has it, too.
 */
export type Kind = 'missing' | 'older' | 'content' | 'resurrected' | 'orphan' | 'wrong-index';

/** What every region should hold; null: no copy. */
export type Target = { readonly version: number; readonly content: Content } | null;

export interface Verdict {
  readonly kind: Kind;
  readonly target: Target;
  /** Regions that hold something else, in their order. */
  readonly regions: readonly string[];
}

/** From the least to the worst: a document that differs in several ways is of the last kind. */
const WORSE: readonly Kind[] = ['missing', 'older', 'content', 'resurrected'];

/**
 * What is wrong with the copies of one document, and what they all should be; null where nothing is. The newest copy that
 * a lane can have written wins; at one version a tombstone, then the higher fingerprint, so every audit in every region
 * decides alike. `purged` says that a tombstone is old enough to be gone on purpose.
 */
export function judge(id: string, copies: ReadonlyMap<string, Copy | null>, purged: (tombstone: Copy) => boolean): Verdict | null {
  const present = [...copies].flatMap(([region, copy]) => (copy === null ? [] : [{ region, copy }]));
  const written = present.filter(({ copy }) => WRITERS.has(copy.content.origin?.['role']));
  if (present.length === 0) return null;
  if (written.length === 0 && present.length < copies.size) return { kind: 'orphan', target: null, regions: present.map(({ region }) => region) };
  const winner = best(id, present.map(({ copy }) => copy));
  const target: NonNullable<Target> = { version: Math.max(...present.map(({ copy }) => copy.version)), content: winner.content };
  const wrong = [...copies].flatMap(([region, copy]) => (holds(id, copy, target) ? [] : [{ region, kind: kindOf(copy, winner) }]));
  const kinds = wrong.map(({ kind }) => kind);
  if (wrong.length === 0) return null;
  if (winner.content.deleted && kinds.every((kind) => kind === 'missing') && purged(winner)) return null;
  return { kind: WORSE.findLast((kind) => kinds.includes(kind)) ?? 'content', target, regions: wrong.map(({ region }) => region) };
}

/** The copy that the others should become. Not empty. */
export function best(id: string, copies: readonly Copy[]): Copy {
  return [...copies].sort((a, b) => trust(id, b) - trust(id, a) || b.version - a.version || Number(b.content.deleted) - Number(a.content.deleted) || printOf(id, b) - printOf(id, a))[0] as Copy;
}

/** Whether a region needs no change. A copy without a fingerprint is as good as one with the right one. */
function holds(id: string, copy: Copy | null, target: NonNullable<Target>): boolean {
  if (copy?.version !== target.version || !sameContent(copy.content, target.content)) return false;
  return copy.content.fingerprint === null || copy.content.fingerprint === printOf(id, target);
}

function kindOf(copy: Copy | null, winner: Copy): Kind {
  if (copy === null) return 'missing';
  if (copy.version < winner.version) return winner.content.deleted && !copy.content.deleted ? 'resurrected' : 'older';
  // A newer version that no lane wrote: somebody edited it in place.
  return sameContent(copy.content, winner.content) && copy.version === winner.version ? 'older' : 'content';
}

/** 2: as a lane wrote it; 1: a lane wrote it, and a hand changed it since; 0: no lane wrote it. */
function trust(id: string, copy: Copy): number {
  const { origin, fingerprint } = copy.content;
  if (!WRITERS.has(origin?.['role'])) return 0;
  return fingerprint === null || fingerprint === printOf(id, copy) ? 2 : 1;
}

function printOf(id: string, { version, content }: Copy): number {
  return fingerprintOf(content.json, { id, version, deleted: content.deleted });
}

function sameContent(a: Content, b: Content): boolean {
  return a.json === b.json && a.deleted === b.deleted;
}
