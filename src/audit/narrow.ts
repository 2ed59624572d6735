import { FINGERPRINTS } from '../domain/fingerprint.ts';
import type { Bucket, Range, Totals } from './look.ts';

/** Buckets of the first look at a large index. */
const FIRST_BUCKETS = 4_096;
/** Each further look divides what differs into so many. */
const FAN_OUT = 16;
/** So few documents are fetched at once: another look would cost as much. */
const FETCH_AT_ONCE = 2_000;
/** Buckets of so few documents on average are not divided further. */
const FULL_BUCKET = 4;
/** Where so large a part of the buckets differs at the second look, nearly every document does. */
const ALMOST_ALL = 0.9;
/** Ranges in one question; the server's limit of clauses is far above. */
const MAX_RANGES = 512;
/** Documents whose ids are held at once, a region. */
export const MAX_HELD = 50_000;

/** What to do about the part of an index that may differ. */
export type Step =
  | { readonly kind: 'divide'; readonly level: number; readonly interval: number; readonly ranges: readonly Range[] }
  | { readonly kind: 'fetch'; readonly parts: readonly (readonly Range[])[] };

const EVERYTHING: Range = { from: 0, to: FINGERPRINTS };

/** How to begin; null where both regions hold the same. */
export function firstStep(left: Totals, right: Totals): Step | null {
  if (left.documents - left.unprinted === right.documents - right.unprinted && left.sum === right.sum) return null;
  const documents = Math.max(left.documents - left.unprinted, right.documents - right.unprinted);
  if (documents <= FETCH_AT_ONCE) return { kind: 'fetch', parts: [[EVERYTHING]] };
  return { kind: 'divide', level: 1, interval: FINGERPRINTS / FIRST_BUCKETS, ranges: [EVERYTHING] };
}

/** How to go on after a look in buckets of `interval`; null where they are all alike. */
export function nextStep({ level, interval }: Extract<Step, { kind: 'divide' }>, left: readonly Bucket[], right: readonly Bucket[]): Step | null {
  const { differing, seen } = compared(left, right);
  if (differing.length === 0) return null;
  const documents = differing.reduce((sum, bucket) => sum + bucket.documents, 0);
  const hopeless = level > 1 && differing.length >= seen * ALMOST_ALL;
  if (documents <= FETCH_AT_ONCE || documents / differing.length <= FULL_BUCKET || hopeless || interval < FAN_OUT) {
    return { kind: 'fetch', parts: partsOf(differing, interval) };
  }
  return { kind: 'divide', level: level + 1, interval: interval / FAN_OUT, ranges: joined(differing, interval) };
}

/** Ranges in as few questions as may be asked. */
export function questionsOf(ranges: readonly Range[]): Range[][] {
  return Array.from({ length: Math.ceil(ranges.length / MAX_RANGES) }, (_, at) => ranges.slice(at * MAX_RANGES, (at + 1) * MAX_RANGES));
}

interface Differing {
  readonly from: number;
  /** In the region that has more. */
  readonly documents: number;
}

function compared(left: readonly Bucket[], right: readonly Bucket[]): { differing: Differing[]; seen: number } {
  const rest = new Map(right.map((bucket) => [bucket.from, bucket]));
  const differing: Differing[] = [];
  for (const { from, documents, sum } of left) {
    const other = rest.get(from);
    rest.delete(from);
    if (other?.documents !== documents || other.sum !== sum) differing.push({ from, documents: Math.max(documents, other?.documents ?? 0) });
  }
  const seen = left.length + rest.size;
  for (const { from, documents } of rest.values()) differing.push({ from, documents });
  return { differing: differing.sort((a, b) => a.from - b.from), seen };
}

/** Neighbours as one range. */
function joined(buckets: readonly Differing[], interval: number): Range[] {
  const ranges: { from: number; to: number }[] = [];
  for (const { from } of buckets) {
    const last = ranges.at(-1);
    if (last?.to === from) last.to += interval;
    else ranges.push({ from, to: from + interval });
  }
  return ranges;
}

/** The buckets in parts whose documents can be held. */
function partsOf(buckets: readonly Differing[], interval: number): Range[][] {
  const parts: Differing[][] = [];
  let held = Number.POSITIVE_INFINITY;
  for (const bucket of buckets) {
    if (held + bucket.documents > MAX_HELD) {
      parts.push([]);
      held = 0;
    }
    parts.at(-1)?.push(bucket);
    held += bucket.documents;
  }
  return parts.map((part) => joined(part, interval));
}
