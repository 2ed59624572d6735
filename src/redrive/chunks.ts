import { leadOf, type Case } from './case.ts';

/** Most cases that are claimed at once. */
const MAX_CASES = 100;
/** Most payload bytes that are held at once; one larger payload goes alone. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Cases in chunks small enough to be held in memory, and to be sent within about a second at the given rate. */
export function* chunksOf(cases: readonly Case[], rate: number | null): Generator<Case[]> {
  const most = rate === null ? MAX_CASES : Math.max(1, Math.min(MAX_CASES, Math.floor(rate)));
  let chunk: Case[] = [];
  let bytes = 0;
  for (const one of cases) {
    const size = leadOf(one).payloadBytes;
    if (chunk.length > 0 && (chunk.length === most || bytes + size > MAX_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(one);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
