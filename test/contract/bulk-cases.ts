import type { Json } from '../../src/ports/search-index.ts';

/** A bulk request whose answer the pipeline must understand. `indices` names the indices prepared by the suite. */
export interface BulkCase {
  /** Also the name of the fixture with the real answer. */
  readonly name: string;
  /** Operations applied before, so that there is something to meet. */
  readonly before?: (targets: Targets) => Line[];
  readonly lines: (targets: Targets) => Line[];
  readonly status: number;
  /** Per item `status` or `status error-type`; for a refused request the error type. */
  readonly outcome: readonly string[] | string | RegExp;
}

/** A JSON line, or text as it is. */
export type Line = Json | string;

export interface Targets {
  readonly index: string;
  readonly blocked: string;
  readonly closed: string;
  /** Not there, and its template forbids a bulk request to create it. */
  readonly missing: string;
  /** Begins every id, so that two runs of a case do not meet. */
  readonly id: string;
}

type VersionType = 'external' | 'external_gte';

function put(index: string, id: string, version: number, type: VersionType = 'external'): Json {
  return { index: { _index: index, _id: id, version, version_type: type } };
}
function remove(index: string, id: string, version: number, type: VersionType = 'external'): Json {
  return { delete: { _index: index, _id: id, version, version_type: type } };
}

const CONFLICT = '409 version_conflict_engine_exception';
const PARSING = '400 document_parsing_exception';
const VALIDATION = 'action_request_validation_exception';
const ARGUMENT = 'illegal_argument_exception';

/** Every answer of the outcome table that a server gives without being overloaded. */
export const BULK_CASES: readonly BulkCase[] = [
  {
    name: 'applied',
    lines: ({ index, id }) => [put(index, `${id}1`, 10), { count: 1 }, put(index, `${id}1`, 11), { count: 2 }, put(index, `${id}1`, 11, 'external_gte'), { count: 3 }, remove(index, `${id}1`, 12)],
    status: 200,
    outcome: ['201', '200', '200', '200'],
  },
  {
    name: 'delete-not-found',
    lines: ({ index, id }) => [remove(index, `${id}1`, 10), remove(index, `${id}2`, 10, 'external_gte')],
    status: 200,
    outcome: ['404', '404'],
  },
  {
    name: 'superseded',
    before: ({ index, id }) => [put(index, `${id}1`, 10), { count: 1 }],
    lines: ({ index, id }) => [put(index, `${id}1`, 10), { count: 2 }, put(index, `${id}1`, 9, 'external_gte'), { count: 2 }, remove(index, `${id}1`, 10), remove(index, `${id}1`, 9, 'external_gte')],
    status: 200,
    outcome: [CONFLICT, CONFLICT, CONFLICT, CONFLICT],
  },
  {
    name: 'superseded-by-delete',
    before: ({ index, id }) => [put(index, `${id}1`, 10), { count: 1 }, remove(index, `${id}1`, 20)],
    lines: ({ index, id }) => [put(index, `${id}1`, 15), { count: 2 }, put(index, `${id}1`, 20), { count: 2 }, put(index, `${id}1`, 20, 'external_gte'), { count: 2 }],
    status: 200,
    outcome: [CONFLICT, CONFLICT, '201'],
  },
  {
    name: 'document-parsing',
    lines: ({ index, id }) => [put(index, `${id}1`, 10), { count: 'many' }, put(index, `${id}2`, 10), { count: 1 }, put(index, `${id}3`, 10), { sold: 'yesterday' }, put(index, `${id}4`, 10), { deleted: 'maybe' }],
    status: 200,
    outcome: [PARSING, '201', PARSING, PARSING],
  },
  {
    name: 'strict-mapping',
    lines: ({ index, id }) => [put(index, `${id}1`, 10), { surprise: 1 }, put(index, `${id}2`, 10), { seller: { surprise: 1 } }, put(index, `${id}3`, 10), { seller: { name: 'a' } }],
    status: 200,
    outcome: ['400 strict_dynamic_mapping_exception', '400 strict_dynamic_mapping_exception', '201'],
  },
  { name: 'not-json', lines: ({ index, id }) => [put(index, `${id}1`, 10), '{"count":1\n'], status: 200, outcome: [PARSING] },
  {
    name: 'empty-id',
    lines: ({ index }) => [put(index, '', 10), { count: 1 }],
    status: 200,
    outcome: ['400 illegal_argument_exception'],
  },
  {
    name: 'invalid-index-name',
    lines: ({ index, id }) => [put(`${index}-UPPER`, `${id}1`, 10), { count: 1 }, put(index, `${id}1`, 10), { count: 1 }],
    status: 200,
    outcome: ['400 invalid_index_name_exception', '201'],
  },
  { name: 'write-block', lines: ({ index, blocked, id }) => [put(blocked, `${id}1`, 10), { count: 1 }, put(index, `${id}1`, 10), { count: 1 }], status: 200, outcome: ['403 cluster_block_exception', '201'] },
  { name: 'index-closed', lines: ({ index, closed, id }) => [put(closed, `${id}1`, 10), { count: 1 }, put(index, `${id}1`, 10), { count: 1 }], status: 200, outcome: ['400 index_closed_exception', '201'] },
  { name: 'index-not-found', lines: ({ index, missing, id }) => [put(missing, `${id}1`, 10), { count: 1 }, put(index, `${id}1`, 10), { count: 1 }], status: 200, outcome: ['404 index_not_found_exception', '201'] },
  { name: 'request-id-too-long', lines: ({ index, id }) => [put(index, `${id}1`, 10), { count: 1 }, put(index, 'i'.repeat(513), 10), { count: 1 }], status: 400, outcome: VALIDATION },
  { name: 'request-negative-version', lines: ({ index, id }) => [put(index, `${id}1`, -1), { count: 1 }], status: 400, outcome: VALIDATION },
  { name: 'request-version-without-id', lines: ({ index }) => [{ index: { _index: index, version: 10, version_type: 'external' } }, { count: 1 }], status: 400, outcome: VALIDATION },
  { name: 'request-external-without-version', lines: ({ index, id }) => [{ index: { _index: index, _id: `${id}1`, version_type: 'external' } }, { count: 1 }], status: 400, outcome: VALIDATION },
  { name: 'request-without-index', lines: ({ id }) => [{ index: { _id: `${id}1`, version: 10, version_type: 'external' } }, { count: 1 }], status: 400, outcome: VALIDATION },
  { name: 'request-create-external', lines: ({ index, id }) => [{ create: { _index: index, _id: `${id}1`, version: 10, version_type: 'external' } }, { count: 1 }], status: 400, outcome: VALIDATION },
  { name: 'request-unknown-parameter', lines: ({ index, id }) => [{ index: { _index: index, _id: `${id}1`, surprise: 1 } }, { count: 1 }], status: 400, outcome: ARGUMENT },
  { name: 'request-unknown-action', lines: ({ index, id }) => [{ upsert: { _index: index, _id: `${id}1` } }, { count: 1 }], status: 400, outcome: ARGUMENT },
  { name: 'request-malformed-action', lines: ({ index, id }) => [put(index, `${id}1`, 10), { count: 1 }, 'hello\n', { count: 1 }], status: 400, outcome: /^x_content_/ },
  { name: 'request-cut-action', lines: () => ['{"index":\n', { count: 1 }], status: 400, outcome: /^x_content_/ },
  { name: 'request-no-last-newline', lines: ({ index, id }) => [put(index, `${id}1`, 10), '{"count":1}'], status: 400, outcome: ARGUMENT },
  { name: 'request-empty', lines: () => [], status: 400, outcome: 'parse_exception' },
];

/** NDJSON of lines; text lines are taken as they are. */
export function bodyOf(lines: readonly Line[]): Buffer {
  return Buffer.from(lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join(''));
}
