import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../domain/errors.ts';

/** What reading one reference file gave; the tag is handed in the next time, to be told when nothing changed. */
export type Reading =
  | { readonly changed: false }
  | { readonly changed: true; readonly text: string; readonly tag: string | null };

/** Where reference files come from. `read` rejects with SluiceError `LOOKUP_FAILED` or `LOOKUP_TIMEOUT`. */
export interface ReferenceSource {
  read(name: string, tag: string | null): Promise<Reading>;
}

/** A larger file is refused, so that a wrong address cannot fill the memory. */
export const MAX_REFERENCE_BYTES = 256 * 1024 * 1024;

/** Somebody may still be writing a file that changed less than this ago. */
const SETTLED_MS = 2_000;

/**
 * Reference files in a folder; the tag is time of change and size. What may be half written is not taken: a changed file
 * waits until it has settled (`now` is wall time, ms), and one that changes while it is read is refused.
 */
export function directorySource(directory: string, now: () => number): ReferenceSource {
  return {
    async read(name, tag) {
      const path = join(directory, name);
      try {
        const { mtimeMs, size } = await stat(path);
        if (size > MAX_REFERENCE_BYTES) throw new Error(`it holds ${size} bytes, more than ${MAX_REFERENCE_BYTES}`);
        const current = tagOf({ mtimeMs, size });
        if (current === tag) return { changed: false };
        // A start cannot wait; and a time far ahead, of a clock that is wrong, would never pass.
        if (tag !== null && Math.abs(now() - mtimeMs) < SETTLED_MS) return { changed: false };
        const text = await readFile(path, 'utf8');
        if (tagOf(await stat(path)) !== current) throw new Error('it changed while it was read');
        return { changed: true, text, tag: current };
      } catch (error) {
        throw new SluiceError('LOOKUP_FAILED', `reference file ${path} cannot be read`, { cause: error });
      }
    },
  };
}

function tagOf({ mtimeMs, size }: { readonly mtimeMs: number; readonly size: number }): string {
  return `${mtimeMs}-${size}`;
}

/** Reference files below a base address, with ETag and a time-out for the whole answer, ms. */
export function webSource(base: string, timeoutMs: number): ReferenceSource {
  return {
    async read(name, tag) {
      const answer = await getText(addressOf(base, name), timeoutMs, tag === null ? {} : { 'if-none-match': tag });
      if (answer.status === 304) return { changed: false };
      if (answer.status !== 200) throw new SluiceError('LOOKUP_FAILED', `${addressOf(base, name)} answered ${answer.status}`);
      return { changed: true, text: answer.text, tag: answer.tag };
    },
  };
}

/** `name` below a base address that may or may not end with a slash. */
export function addressOf(base: string, name: string): string {
  return new URL(name, base.endsWith('/') ? base : `${base}/`).href;
}

/** GET with a time-out over headers and body, and a bound on the body. Rejects with SluiceError `LOOKUP_*`. */
export async function getText(url: string, timeoutMs: number, headers: Record<string, string> = {}): Promise<{ status: number; text: string; tag: string | null }> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(url, { headers, signal });
    return { status: answer.status, text: await boundedText(answer), tag: answer.headers.get('etag') };
  } catch (error) {
    if (signal.aborted) throw new SluiceError('LOOKUP_TIMEOUT', `${url} did not answer within ${timeoutMs} ms`, { cause: error });
    throw new SluiceError('LOOKUP_FAILED', `${url} cannot be read`, { cause: error });
  }
}

async function boundedText(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = answer.body;
  if (body === null) return '';
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_REFERENCE_BYTES) throw new Error(`the answer holds more than ${MAX_REFERENCE_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
