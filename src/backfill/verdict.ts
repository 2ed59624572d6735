import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../domain/envelope.ts';
import { FINGERPRINT } from '../domain/fingerprint.ts';
import { partsOf } from '../domain/version.ts';
import type { Json } from '../ports/search-index.ts';
import { differencesOf } from '../proof/differences.ts';

/** What the extract says of one document; `body` is as it was written, with its fingerprint. */
export interface Wanted {
  readonly id: string;
  readonly version: number;
  readonly operation: Operation;
  readonly body: () => Json;
}

/** What a region holds under that id. */
export interface Stored { readonly version: number; readonly source: Json }

/** How a document of a region stands to its row in the extract. */
export type Verdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'older'; readonly version: number }
  | { readonly kind: 'different'; readonly fields: readonly string[] }
  /** Somebody wrote a higher version: `by` says who, `why` why that is right. */
  | { readonly kind: 'superseded'; readonly version: number; readonly by: string; readonly why: string };

/** Judges one document by version and fingerprint, and by its whole contents where `compared`. `epochs`: whether versions hold an epoch. */
export function verdictOf(wanted: Wanted, stored: Stored | null, { compared, epochs }: { readonly compared: boolean; readonly epochs: boolean }): Verdict {
  if (stored === null) return { kind: 'missing' };
  if (stored.version < wanted.version) return { kind: 'older', version: stored.version };
  if (stored.version > wanted.version) return { kind: 'superseded', version: stored.version, by: writerOf(stored.source), why: reasonOf(wanted.version, stored.version, epochs) };
  const fields = compared ? wholly(wanted, stored.source) : byFingerprint(wanted, stored.source);
  return fields.length === 0 ? { kind: 'same' } : { kind: 'different', fields };
}

/** A document of before there were fingerprints has none: that is no difference. */
function byFingerprint(wanted: Wanted, source: Json): string[] {
  const [is, should] = [source[FINGERPRINT], wanted.body()[FINGERPRINT]];
  return is === undefined || is === should ? [] : [`${FINGERPRINT}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`];
}

function wholly(wanted: Wanted, source: Json): string[] {
  const { origin: _, ...body } = source;
  const { [FINGERPRINT]: fingerprint, ...rest } = wanted.body();
  const expected = body[FINGERPRINT] === undefined ? rest : { ...rest, [FINGERPRINT]: fingerprint };
  if (isDeepStrictEqual(body, expected)) return [];
  return differencesOf(wanted.id, '', expected, body).map(({ field, expected: should, actual }) => `${field}: ${JSON.stringify(actual)}, not ${JSON.stringify(should)}`);
}

function writerOf(source: Json): string {
  const { role, cycle } = (source['origin'] ?? {}) as { role?: string; cycle?: string };
  if (role === 'backfill') return `backfill ${cycle ?? ''}`.trim();
  return role === 'primary' || role === 'secondary' ? 'live' : (role ?? 'unknown');
}

function reasonOf(wanted: number, stored: number, epochs: boolean): string {
  if (!epochs) return 'a newer event';
  const [ours, theirs] = [partsOf(wanted), partsOf(stored)];
  return theirs.sourceVersion > ours.sourceVersion ? 'a newer event' : `the same event in data revision ${theirs.epoch}, not ${ours.epoch}`;
}
