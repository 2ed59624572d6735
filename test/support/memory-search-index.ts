import type { Json } from '../../src/ports/search-index.ts';
import type { MemoryError, MemoryOperation } from './memory-search-bulk.ts';

/** What one operation came to, in the words of a bulk item. */
export interface MemoryItem {
  readonly action: MemoryOperation['action'] | 'update';
  readonly status: number;
  readonly error?: MemoryError | undefined;
}

/** A stored document or, with `source` null, the version that a delete left behind. */
export interface StoredDocument {
  readonly id: string;
  readonly version: number;
  readonly source: Json | null;
  /** Grows with each change of the index. */
  readonly seqNo: number;
}

/** A document as a search finds it. */
export interface FoundDocument extends StoredDocument { readonly index: string }

/** An index with external versions, strict mappings, write block and open/closed state. */
export class MemoryIndex {
  readonly name: string;
  readonly documents = new Map<string, StoredDocument>();
  readonly aliases: Record<string, Json>;
  mappings: Json;
  writeBlocked = false;
  closed = false;
  #changes = 0;

  constructor(name: string, mappings: Json, aliases: Record<string, Json>) {
    this.name = name;
    this.mappings = mappings;
    this.aliases = aliases;
  }

  apply(operation: MemoryOperation): MemoryItem {
    const { action, id } = operation;
    const error = this.#blocked() ?? this.#rejected(operation);
    if (error !== null) return { action, ...error };
    const current = this.documents.get(id);
    const conflict = conflictOf(operation, current);
    if (conflict !== null) return { action, status: 409, error: { type: 'version_conflict_engine_exception', reason: conflict } };
    const source = operation.source === null ? null : (JSON.parse(operation.source.toString()) as Json);
    this.documents.set(id, { id, version: operation.version ?? (current?.version ?? 0) + 1, source, seqNo: this.#changes++ });
    return { action, status: statusOf(action, current) };
  }

  /** Merges fields into a document that nobody changed since `seqNo`; a conflict otherwise. */
  update(id: string, fields: Json, seqNo: number | null): MemoryItem {
    const action = 'update';
    const current = this.documents.get(id);
    if (current === undefined || current.source === null) return { action, status: 404, error: { type: 'document_missing_exception', reason: `[${id}]: document missing` } };
    if (seqNo !== null && seqNo !== current.seqNo) return { action, status: 409, error: { type: 'version_conflict_engine_exception', reason: `[${id}]: version conflict, required seqNo [${seqNo}]. current document has seqNo [${current.seqNo}]` } };
    this.documents.set(id, { id, version: current.version + 1, source: { ...current.source, ...fields }, seqNo: this.#changes++ });
    return { action, status: 200 };
  }

  #blocked(): { status: number; error: MemoryError } | null {
    if (this.closed) return { status: 400, error: { type: 'index_closed_exception', reason: 'closed' } };
    if (!this.writeBlocked) return null;
    return { status: 403, error: { type: 'cluster_block_exception', reason: `index [${this.name}] blocked by: [FORBIDDEN/8/index write (api)];` } };
  }

  #rejected({ source, id }: MemoryOperation): { status: number; error: MemoryError } | null {
    if (id === '') return { status: 400, error: { type: 'illegal_argument_exception', reason: 'if _id is specified it must not be empty' } };
    if (source === null) return null;
    let document: unknown;
    try {
      document = JSON.parse(source.toString());
    } catch {
      return { status: 400, error: { type: 'document_parsing_exception', reason: `[1:1] failed to parse`, caused_by: { type: 'x_content_parse_exception', reason: '[1:1] Unexpected character' } } };
    }
    const error = mappingErrorOf(document as Json, this.mappings, '_doc', id);
    return error === null ? null : { status: 400, error };
  }
}

function statusOf(action: MemoryOperation['action'], current: StoredDocument | undefined): number {
  const existed = current !== undefined && current.source !== null;
  if (action === 'delete') return existed ? 200 : 404;
  return existed ? 200 : 201;
}

function conflictOf({ id, action, version, versionType }: MemoryOperation, current: StoredDocument | undefined): string | null {
  if (action === 'create' && current !== undefined && current.source !== null) return `[${id}]: version conflict, document already exists (current version [${current.version}])`;
  if (version === null || current === undefined) return null;
  const external = versionType === 'external';
  const wins = external ? version > current.version : version >= current.version;
  if (wins) return null;
  return `[${id}]: version conflict, current version [${current.version}] is higher ${external ? 'or equal to' : 'than'} the one provided [${version}]`;
}

/** The first thing in a document that the mapping refuses; null where it accepts all. */
function mappingErrorOf(document: Json, mapping: Json, within: string, id: string): MemoryError | null {
  const properties = (mapping['properties'] ?? {}) as Record<string, Json>;
  for (const [name, value] of Object.entries(document)) {
    const field = properties[name];
    if (field === undefined) {
      if (mapping['dynamic'] !== 'strict') continue;
      return { type: 'strict_dynamic_mapping_exception', reason: `[1:2] mapping set to strict, dynamic introduction of [${name}] within [${within}] is not allowed` };
    }
    const path = within === '_doc' ? name : `${within}.${name}`;
    const error = fieldErrorOf(value, field, path, id, mapping);
    if (error !== null) return error;
  }
  return null;
}

function fieldErrorOf(value: unknown, field: Json, path: string, id: string, parent: Json): MemoryError | null {
  if (value === null || field['enabled'] === false) return null;
  for (const single of Array.isArray(value) ? value : [value]) {
    const error = field['properties'] !== undefined && typeof single === 'object' && single !== null
      ? mappingErrorOf(single as Json, { dynamic: parent['dynamic'], ...field }, path, id)
      : scalarErrorOf(single, (field['type'] as string | undefined) ?? 'object', path, id);
    if (error !== null) return error;
  }
  return null;
}

function scalarErrorOf(value: unknown, type: string, path: string, id: string): MemoryError | null {
  const cause = causeOf(value, type);
  if (cause === null) return null;
  return { type: 'document_parsing_exception', reason: `[1:2] failed to parse field [${path}] of type [${type}] in document with id '${id}'. Preview of field's value: '${String(value)}'`, caused_by: cause };
}

function causeOf(value: unknown, type: string): MemoryError | null {
  switch (type) {
    case 'long':
    case 'integer':
    case 'double':
      return Number.isNaN(Number(value)) ? { type: 'illegal_argument_exception', reason: `For input string: "${String(value)}"` } : null;
    case 'boolean':
      return [true, false, 'true', 'false', ''].includes(value as string) ? null : { type: 'illegal_argument_exception', reason: `Failed to parse value [${String(value)}] as only [true] or [false] are allowed.` };
    case 'date':
      return Number.isNaN(new Date(value as string | number).getTime()) ? { type: 'illegal_argument_exception', reason: `failed to parse date field [${String(value)}] with format [strict_date_optional_time||epoch_millis]` } : null;
    default:
      return null;
  }
}
