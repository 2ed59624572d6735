import type { Bucket, Look, Range, Seen, Totals } from './look.ts';
import { firstStep, MAX_HELD, nextStep, questionsOf, type Step } from './narrow.ts';

/** Reads every content, or only what fingerprints cannot tell. */
export type Depth = 'fingerprints' | 'contents';

/**
 * Ids whose copies differ between two looks, some of them perhaps twice. What is asked for grows with the differences,
 * not with the documents, but for documents without a fingerprint (and for all with `contents`), which are read one by one.
 */
export async function* suspectsOf(left: Look, right: Look, depth: Depth): AsyncGenerator<string[], void> {
  const [ofLeft, ofRight] = await Promise.all([left.totals(), right.totals()]);
  if (depth === 'contents') return yield* scanned(left, right, 'all', Math.max(ofLeft.documents, ofRight.documents));
  yield* narrowed(left, right, ofLeft, ofRight);
  const unprinted = Math.max(ofLeft.unprinted, ofRight.unprinted);
  if (unprinted > 0) yield* scanned(left, right, 'unprinted', unprinted);
}

async function* narrowed(left: Look, right: Look, ofLeft: Totals, ofRight: Totals): AsyncGenerator<string[], void> {
  let step: Step | null = firstStep(ofLeft, ofRight);
  while (step?.kind === 'divide') {
    const { ranges, interval } = step;
    const [ofOne, ofOther] = await Promise.all([bucketsOf(left, ranges, interval), bucketsOf(right, ranges, interval)]);
    step = nextStep(step, ofOne, ofOther);
  }
  for (const part of step?.parts ?? []) yield await unequal((look) => look.printed(part), left, right);
}

async function* scanned(left: Look, right: Look, which: 'all' | 'unprinted', documents: number): AsyncGenerator<string[], void> {
  const slices = Math.max(1, Math.ceil(documents / MAX_HELD));
  for (let at = 0; at < slices; at += 1) yield await unequal((look) => look.contents(which, { at, of: slices }), left, right);
}

async function bucketsOf(look: Look, ranges: readonly Range[], interval: number): Promise<Bucket[]> {
  const all: Bucket[] = [];
  for (const some of questionsOf(ranges)) all.push(...(await look.buckets(some, interval)));
  return all;
}

/** Ids that only one of the two has, or that they have otherwise. */
async function unequal(read: (look: Look) => AsyncIterable<Seen>, left: Look, right: Look): Promise<string[]> {
  const marks = new Map<string, string>();
  for await (const { id, mark } of read(left)) marks.set(id, mark);
  const differing: string[] = [];
  for await (const { id, mark } of read(right)) {
    if (marks.get(id) !== mark) differing.push(id);
    marks.delete(id);
  }
  return [...differing, ...marks.keys()];
}
