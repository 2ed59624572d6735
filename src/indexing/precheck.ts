import { isUtf8 } from 'node:buffer';
import { MAX_ID_BYTES } from '../domain/document.ts';

const NEWLINE = 10;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What would poison a request, checked before it is sent; null where the document is fit. */
export interface Flaw {
  readonly type: string;
  readonly reason: string;
}

export function flawOfId(bytes: number): Flaw | null {
  if (bytes === 0) return { type: 'id_empty', reason: 'the document id is empty' };
  if (bytes > MAX_ID_BYTES) return { type: 'id_too_long', reason: `the document id has ${bytes} bytes, Elasticsearch takes ${MAX_ID_BYTES}` };
  return null;
}

export function flawOfVersion(version: number): Flaw | null {
  if (Number.isSafeInteger(version) && version >= 0) return null;
  return { type: 'version_out_of_range', reason: `version ${version} is not an integer in 0…2^53-1` };
}

/** A record of a later schema was made by newer code: what this code would make of it is not known. */
export function flawOfSchema(schema: number, known: number): Flaw | null {
  if (schema <= known) return null;
  return { type: 'schema_unknown', reason: `the record has schema ${schema}, this lane knows up to ${known}: upgrade it, then redrive` };
}

/** A document must be one JSON object on one line of valid UTF-8; that it parses is Elasticsearch's to judge. */
export function flawOfDocument(value: Buffer, maxBytes: number): Flaw | null {
  if (value.length > maxBytes) return { type: 'document_too_large', reason: `the document has ${value.length} bytes, the limit is ${maxBytes} (processor.maxDocumentBytes)` };
  if (value.length < 2 || value[0] !== OPEN_BRACE || value[value.length - 1] !== CLOSE_BRACE) return { type: 'not_an_object', reason: 'the document is not a JSON object' };
  if (value.indexOf(NEWLINE) !== -1) return { type: 'raw_newline', reason: 'the document holds a raw newline, which would end its line in a bulk request' };
  if (!isUtf8(value)) return { type: 'invalid_utf8', reason: 'the document is not valid UTF-8' };
  return null;
}
