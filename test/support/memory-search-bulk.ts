import { randomUUID } from 'node:crypto';
import type { Json } from '../../src/ports/search-index.ts';

/** One operation of a bulk body, as Elasticsearch reads it. */
export interface MemoryOperation {
  readonly action: 'index' | 'create' | 'delete';
  readonly index: string;
  /** Made up where the action line gives none. */
  readonly id: string;
  readonly hasId: boolean;
  readonly version: number | null;
  readonly versionType: 'internal' | 'external' | 'external_gte';
  /** The document line; null for a delete. */
  readonly source: Buffer | null;
}

/** An error as Elasticsearch writes it. */
export interface MemoryError {
  readonly type: string;
  readonly reason: string;
  readonly caused_by?: MemoryError | undefined;
}

/** A bulk body taken apart, or the error that refuses the whole request. */
export type ParsedBulk =
  | { readonly ok: true; readonly operations: readonly MemoryOperation[] }
  | { readonly ok: false; readonly error: MemoryError };

const ACTIONS = new Set(['index', 'create', 'delete', 'update']);
const PARAMETERS = new Set(['_index', '_id', 'version', 'version_type', 'routing', 'if_seq_no', 'if_primary_term', 'require_alias', 'pipeline']);
const MAX_ID_BYTES = 512;
/** What Elasticsearch takes for a version when none is given. */
const UNSET_VERSION = -3;
const NEWLINE = 10;

/** Reads NDJSON as `_bulk` does: any broken action line, or an operation that fails validation, refuses the whole request. */
export function parseBulk(body: Buffer): ParsedBulk {
  if (body.length === 0) return refused('parse_exception', 'request body is required');
  const operations: MemoryOperation[] = [];
  for (let at = 0, line = 1; at < body.length; line++) {
    const end = body.indexOf(NEWLINE, at);
    if (end < 0) return refused('illegal_argument_exception', 'The bulk request must be terminated by a newline [\\n]');
    const action = parseAction(body.toString('utf8', at, end), line);
    if ('type' in action) return { ok: false, error: action };
    at = end + 1;
    if (action.action === 'delete') {
      operations.push(action);
      continue;
    }
    const documentEnd = body.indexOf(NEWLINE, at);
    if (documentEnd < 0) return refused('illegal_argument_exception', 'The bulk request must be terminated by a newline [\\n]');
    operations.push({ ...action, source: body.subarray(at, documentEnd) });
    at = documentEnd + 1;
    line++;
  }
  return validated(operations);
}

function parseAction(text: string, line: number): MemoryOperation | MemoryError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return text.startsWith('{')
      ? { type: 'x_content_e_o_f_exception', reason: `[1:${text.length + 1}] Unexpected end of file` }
      : { type: 'x_content_parse_exception', reason: `[1:${text.length + 1}] Unrecognized token '${text}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')` };
  }
  const [name, meta] = Object.entries(parsed as Json)[0] ?? [];
  if (name === undefined) return { type: 'illegal_argument_exception', reason: `Malformed action/metadata line [${line}], expected FIELD_NAME but found [END_OBJECT]` };
  if (!ACTIONS.has(name)) return { type: 'illegal_argument_exception', reason: `Malformed action/metadata line [${line}], expected field [create], [delete], [index] or [update] but found [${name}]` };
  const fields = meta as Json;
  const unknown = Object.keys(fields).find((key) => !PARAMETERS.has(key));
  if (unknown !== undefined) return { type: 'illegal_argument_exception', reason: `Action/metadata line [${line}] contains an unknown parameter [${unknown}]` };
  return {
    action: name as MemoryOperation['action'],
    index: (fields['_index'] as string | undefined) ?? '',
    id: (fields['_id'] as string | undefined) ?? randomUUID(),
    hasId: fields['_id'] !== undefined,
    version: typeof fields['version'] === 'number' ? fields['version'] : null,
    versionType: (fields['version_type'] ?? 'internal') as MemoryOperation['versionType'],
    source: null,
  };
}

function validated(operations: readonly MemoryOperation[]): ParsedBulk {
  const problems = operations.flatMap(problemsOf);
  if (problems.length === 0) return { ok: true, operations };
  const reason = `Validation Failed: ${problems.map((problem, index) => `${index + 1}: ${problem};`).join('')}`;
  return refused('action_request_validation_exception', reason);
}

function problemsOf({ action, id, hasId, index, version, versionType }: MemoryOperation): string[] {
  const problems: string[] = [];
  const bytes = Buffer.byteLength(id);
  if (action === 'create' && versionType !== 'internal') return ['create operations only support internal versioning. use index instead'];
  if (!hasId && (version !== null || versionType !== 'internal')) problems.push('an id must be provided if version type or value are set');
  if (index === '') problems.push('index is missing');
  if (bytes > MAX_ID_BYTES) problems.push(`id [${id}] is too long, must be no longer than 512 bytes but was: ${bytes}`);
  const illegal = version === null ? versionType !== 'internal' : version < 0;
  if (illegal && hasId) problems.push(`illegal version value [${version ?? UNSET_VERSION}] for version type [${versionType.toUpperCase()}]`);
  return problems;
}

function refused(type: string, reason: string): ParsedBulk {
  return { ok: false, error: { type, reason } };
}
