import { isUtf8 } from 'node:buffer';
import { parseExactly } from './exact-json.ts';
import { documentBytes } from './fingerprint.ts';

/** A document taken apart: what the source gave, and what was added on the way. */
export interface Content {
  /** The body as JSON text, every number as it was written. */
  readonly json: string;
  readonly deleted: boolean;
  /** As it stands in the document; null where there is none. */
  readonly fingerprint: number | null;
  readonly origin: Readonly<Record<string, unknown>> | null;
}

/** Takes a document apart that `parseExactly` read. */
export function contentOf(document: Readonly<Record<string, unknown>>): Content {
  const { fingerprint, deleted, origin, ...body } = document;
  return {
    json: JSON.stringify(body), deleted: deleted === true,
    fingerprint: typeof fingerprint === 'number' ? fingerprint : null,
    origin: typeof origin === 'object' && origin !== null ? origin as Record<string, unknown> : null,
  };
}

/** A changed document with the fingerprint that it must have now; bytes that are no JSON object are left as they are. */
export function fingerprinted(value: Buffer, id: string, version: number): Buffer {
  const document = objectIn(value);
  if (document === null) return value;
  const { json, deleted } = contentOf(document);
  return documentBytes(json, { id, version, deleted });
}

function objectIn(value: Buffer): Record<string, unknown> | null {
  if (!isUtf8(value)) return null;
  try {
    const parsed = parseExactly(value.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed as Record<string, unknown> : null;
  } catch {
    return null; // no JSON: Elasticsearch says so
  }
}
