import { pathToFileURL } from 'node:url';
import { isUtf8 } from 'node:buffer';
import { resolve } from 'node:path';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Failure } from './failure.ts';

/**
 * The operator's own code, run in the operator's own process: gets what failed (an object where it is JSON, else its text,
 * else its bytes; null where there was nothing) and returns what shall go in its place, or null to leave it alone.
 */
export type Transform = (document: unknown, failure: Failure) => unknown;

/** What became of a payload under a patch. */
export type Patched =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly before: unknown; readonly after: unknown }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly problem: string };

/** Loads an ESM file that exports `function transform(document, failure)`. Rejects with USAGE where it is none. */
export async function loadTransform(file: string): Promise<Transform> {
  let module: { transform?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as typeof module;
  } catch (cause) {
    throw new SluiceError('USAGE', `the patch ${file} cannot be loaded: ${messageOf(cause)}`, { cause });
  }
  if (typeof module.transform !== 'function') throw new SluiceError('USAGE', `the patch ${file} exports no function transform(document, failure)`);
  return module.transform as Transform;
}

/** Applies a patch to the payload of a failure. Never rejects: what the patch throws is this failure's problem alone. */
export async function applyPatch(transform: Transform, failure: Failure, payload: Buffer | null): Promise<Patched> {
  const exact = inexactNumberIn(payload);
  if (exact !== null) return { kind: 'failed', problem: `the payload holds the number ${exact}, which JavaScript cannot hold exactly: a patch would change it` };
  try {
    const after = await transform(readable(payload), failure);
    if (after === null) return { kind: 'skipped' };
    const bytes = bytesOf(after);
    return bytes === null
      ? { kind: 'failed', problem: `the patch returned ${after === undefined ? 'nothing (null skips a failure)' : typeof after}, not a document` }
      : { kind: 'bytes', bytes, before: readable(payload), after: readable(bytes) };
  } catch (error) {
    return { kind: 'failed', problem: `the patch threw: ${messageOf(error)}` };
  }
}


function readable(payload: Buffer | null): unknown {
  if (payload === null) return null;
  if (!isUtf8(payload)) return payload;
  const text = payload.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text; // not JSON: perhaps that is just what the patch mends
  }
}

function bytesOf(document: unknown): Buffer | null {
  if (Buffer.isBuffer(document)) return document;
  if (document instanceof Uint8Array) return Buffer.from(document);
  if (typeof document === 'string') return Buffer.from(document);
  return typeof document === 'object' && document !== null ? Buffer.from(JSON.stringify(document)) : null;
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** The first whole number of the payload beyond 2^53, as it is written there; null where there is none. */
function inexactNumberIn(payload: Buffer | null): string | null {
  if (payload === null || !/\d{16}/.test(payload.toString('latin1'))) return null;
  let found: string | null = null;
  const look: Reviver = (_, value, { source }) => {
    if (typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)) found ??= source;
    return value;
  };
  try {
    JSON.parse(payload.toString('utf8'), look as (key: string, value: unknown) => unknown);
  } catch {
    return null; // not JSON: the patch gets it as text, exactly
  }
  return found;
}
