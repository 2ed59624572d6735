import type { Json } from '../../src/ports/search-index.ts';
import type { FoundDocument, MemoryIndex, StoredDocument } from './memory-search-index.ts';
import { hitsOfPit, openPit } from './memory-search-pit.ts';
import { answersQuery, valuesAt } from './memory-search-query.ts';
import { inOrder, pageOf } from './memory-search-sort.ts';
import { createIndex, matches, templateOf, type MemoryIndices } from './memory-search-store.ts';

export interface CallAnswer {
  readonly status: number;
  readonly body: Json;
}
interface Call {
  readonly search: MemoryIndices;
  readonly target: string;
  readonly id: string;
  readonly how: string;
  readonly query: URLSearchParams;
  readonly body: Json;
  /** The body as it came, where it is NDJSON. */
  readonly text: string;
}
type Route = readonly [method: string, path: RegExp, handle: (call: Call) => CallAnswer];

const ACKNOWLEDGED: CallAnswer = { status: 200, body: { acknowledged: true } };
const MANY = '[^/_][^/]*';

const ROUTES: readonly Route[] = [
  ['GET', /^\/_cluster\/health$/, () => ok({ status: 'green', number_of_nodes: 1 })],
  ['PUT', /^\/_index_template\/(?<target>[^/]+)$/, putTemplate],
  ['GET', /^\/_index_template\/(?<target>[^/]+)$/, getTemplates],
  ['DELETE', /^\/_index_template\/(?<target>[^/]+)$/, deleteTemplate],
  ['POST', /^\/_aliases$/, updateAliases],
  ['POST', new RegExp(`^(/(?<target>${MANY}))?/_refresh$`), () => ok({ _shards: { failed: 0 } })],
  ['GET', new RegExp(`^/(?<target>${MANY})/_alias$`), (call) => eachIndex(call, (index) => ({ aliases: index.aliases }))],
  ['GET', new RegExp(`^/(?<target>${MANY})/_mapping$`), (call) => eachIndex(call, (index) => ({ mappings: index.mappings }))],
  ['PUT', new RegExp(`^/(?<target>${MANY})/_mapping$`), putMapping],
  ['PUT', new RegExp(`^/(?<target>${MANY})/_settings$`), putSettings],
  ['PUT', new RegExp(`^/(?<target>${MANY})/_block/write$`), (call) => change(call, (index) => void (index.writeBlocked = true))],
  ['POST', new RegExp(`^/(?<target>${MANY})/_close$`), (call) => change(call, (index) => void (index.closed = true))],
  ['POST', new RegExp(`^/(?<target>${MANY})/_open$`), (call) => change(call, (index) => void (index.closed = false))],
  ['GET', new RegExp(`^/(?<target>${MANY})/_doc/(?<id>.+)$`), getDocument],
  ['PUT', new RegExp(`^/(?<target>${MANY})/_(?<how>doc|create)/(?<id>.+)$`), putDocument],
  ['POST', new RegExp(`^/(?<target>${MANY})/_count$`), (call) => found(call, (hits) => ({ count: hits.length }))],
  ['GET', new RegExp(`^/(?<target>${MANY})/_count$`), (call) => found(call, (hits) => ({ count: hits.length }))],
  ['POST', new RegExp(`^/(?<target>${MANY})/_search$`), searched],
  ['POST', new RegExp(`^/(?<target>${MANY})/_pit$`), ({ search, ...call }) => ok({ id: openPit(search, documentsOf({ search, ...call }, { match_all: {} })) })],
  ['POST', /^\/_search$/, ({ search, body }) => ok({ hits: { hits: hitsOfPit(search, body) } })],
  ['DELETE', /^\/_pit$/, () => ok({ succeeded: true })],
  ['POST', /^\/_mget$/, getMany],
  ['POST', /^\/_bulk$/, updateMany],
  ['POST', /^\/_index_template\/_simulate_index\/(?<target>[^/]+)$/, simulateIndex],
  ['GET', new RegExp(`^/(?<target>${MANY})/_settings$`), (call) => eachIndex(call, () => ({ settings: { index: {} } }))],
  ['HEAD', new RegExp(`^/(?<target>${MANY})$`), (call) => ({ status: selected(call).length > 0 ? 200 : 404, body: {} })],
  ['PUT', new RegExp(`^/(?<target>${MANY})$`), putIndex],
  ['DELETE', new RegExp(`^/(?<target>${MANY})$`), deleteIndices],
];

/** Answers a JSON call as Elasticsearch would; throws on a call that it does not know, since that is a gap in the test support. */
export function answerCall(search: MemoryIndices, method: string, path: string, body: unknown): CallAnswer {
  const url = new URL(path, 'http://memory');
  const pathname = decodeURIComponent(url.pathname);
  for (const [routeMethod, pattern, handle] of ROUTES) {
    const match = routeMethod === method ? pattern.exec(pathname) : null;
    if (match === null) continue;
    return handle({ search, target: match.groups?.['target'] ?? '*', id: match.groups?.['id'] ?? '', how: match.groups?.['how'] ?? '', query: url.searchParams, body: (typeof body === 'object' && body !== null ? body : {}) as Json, text: typeof body === 'string' ? body : '' });
  }
  throw new Error(`the search engine in memory knows no ${method} ${path}`);
}

function putTemplate({ search, target, body }: Call): CallAnswer {
  search.templates.set(target, body);
  return ACKNOWLEDGED;
}

function getTemplates({ search, target }: Call): CallAnswer {
  const found = [...search.templates].filter(([name]) => matches(target, name));
  if (found.length === 0 && !target.includes('*')) return refused(404, 'resource_not_found_exception', `index template matching [${target}] not found`);
  return ok({ index_templates: found.map(([name, index_template]) => ({ name, index_template })) });
}

function deleteTemplate({ search, target }: Call): CallAnswer {
  return search.templates.delete(target) ? ACKNOWLEDGED : refused(404, 'index_template_missing_exception', `index_template [${target}] missing`);
}

function putIndex({ search, target, body }: Call): CallAnswer {
  if (search.indices.has(target)) return refused(400, 'resource_already_exists_exception', `index [${target}/memory] already exists`);
  if (target !== target.toLowerCase()) return refused(400, 'invalid_index_name_exception', `Invalid index name [${target}], must be lowercase`);
  createIndex(search, target, body);
  return ok({ acknowledged: true, shards_acknowledged: true, index: target });
}

function deleteIndices(call: Call): CallAnswer {
  const names = selected(call).map((index) => index.name);
  if (names.length === 0 && call.query.get('ignore_unavailable') !== 'true') return notFound(call.target);
  for (const name of names) call.search.indices.delete(name);
  return ACKNOWLEDGED;
}

function updateAliases({ search, body }: Call): CallAnswer {
  for (const action of (body['actions'] ?? []) as Json[]) {
    const { index, indices, alias, filter } = (action['add'] ?? {}) as { index?: string; indices?: string[]; alias?: string; filter?: Json };
    for (const name of indices ?? [index ?? '']) {
      const existing = search.indices.get(name);
      if (existing === undefined) return notFound(name);
      existing.aliases[alias ?? ''] = filter === undefined ? {} : { filter };
    }
  }
  return ACKNOWLEDGED;
}

function putMapping(call: Call): CallAnswer {
  const indices = selected(call);
  if (indices.length === 0) return notFound(call.target);
  const merged = indices.map((index) => mergeProperties(index.mappings, call.body));
  const clash = merged.find((each) => typeof each === 'string');
  if (typeof clash === 'string') return refused(400, 'illegal_argument_exception', clash);
  indices.forEach((index, at) => void (index.mappings = merged[at] as Json));
  return ACKNOWLEDGED;
}

/** Two mappings as one, or the sentence that says why not. */
function mergeProperties(existing: Json, added: Json, path = ''): Json | string {
  const merged = { ...((existing['properties'] ?? {}) as Record<string, Json>) };
  for (const [name, field] of Object.entries((added['properties'] ?? {}) as Record<string, Json>)) {
    const before = merged[name];
    if (before?.['type'] !== undefined && before['type'] !== field['type']) return `mapper [${path}${name}] cannot be changed from type [${before['type'] as string}] to [${(field['type'] as string | undefined) ?? 'object'}]`;
    if (before !== undefined && field['properties'] === undefined) continue;
    const inner = before === undefined ? field : mergeProperties(before, field, `${path}${name}.`);
    if (typeof inner === 'string') return inner;
    merged[name] = inner;
  }
  const { properties, ...rest } = added;
  return { ...existing, ...rest, ...(properties === undefined && existing['properties'] === undefined ? {} : { properties: merged }) };
}

function putSettings(call: Call): CallAnswer {
  return change(call, (index) => {
    const settings = flattened(call.body);
    const key = ['index.blocks.write', 'blocks.write'].find((name) => settings.has(name));
    const blocked = settings.get(key ?? '');
    if (key !== undefined) index.writeBlocked = blocked === true || blocked === 'true';
  });
}

function flattened(value: Json, path = ''): Map<string, unknown> {
  return new Map(Object.entries(value).flatMap(([key, inner]) => (
    typeof inner === 'object' && inner !== null ? [...flattened(inner as Json, `${path}${key}.`)] : [[`${path}${key}`, inner] as const]
  )));
}

function change(call: Call, apply: (index: MemoryIndex) => void): CallAnswer {
  const indices = selected(call);
  if (indices.length === 0) return notFound(call.target);
  indices.forEach(apply);
  return ACKNOWLEDGED;
}

function getDocument({ search, target, id }: Call): CallAnswer {
  const index = search.indices.get(target);
  if (index === undefined) return notFound(target);
  const stored = index.documents.get(id);
  if (stored === undefined || stored.source === null) return { status: 404, body: { _index: target, _id: id, found: false } };
  return ok({ _index: target, _id: id, _version: stored.version, _seq_no: stored.seqNo, _primary_term: 1, found: true, _source: stored.source });
}

/** One document, under the condition of a sequence number or that it is not there yet. */
function putDocument({ search, target, id, query, body, how }: Call): CallAnswer {
  const version = query.get('version');
  const index = search.indices.get(target) ?? (version === null ? undefined : createIndex(search, target, {}));
  if (index === undefined) return notFound(target);
  const before = index.documents.get(id);
  const wanted = query.get('if_seq_no');
  if ((how === 'create' && before !== undefined) || (wanted !== null && Number(wanted) !== before?.seqNo)) return refused(409, 'version_conflict_engine_exception', `[${id}]: version conflict`);
  const versioned = version === null ? { version: null, versionType: 'internal' as const } : { version: Number(version), versionType: query.get('version_type') as 'external_gte' };
  const { status, error } = index.apply({ action: 'index', index: target, id, hasId: true, ...versioned, source: Buffer.from(JSON.stringify(body)) });
  return error === undefined ? { status, body: { _seq_no: index.documents.get(id)?.seqNo, _primary_term: 1 } } : { status, body: { error, status } };
}

/** Several documents by index and id, as they are now. */
function getMany({ search, body }: Call): CallAnswer {
  return ok({ docs: (body['docs'] as { _index: string; _id: string }[]).map(({ _index, _id }) => {
    const stored = search.indices.get(_index)?.documents.get(_id);
    if (stored === undefined || stored.source === null) return { _index, _id, found: false };
    return { _index, _id, _version: stored.version, _seq_no: stored.seqNo, _primary_term: 1, found: true, _source: stored.source };
  }) });
}

/** A bulk body of updates, each on condition of a sequence number. */
function updateMany({ search, text }: Call): CallAnswer {
  const lines = text.trim().split('\n').map((line) => JSON.parse(line) as Json);
  const items = lines.flatMap((line, at) => {
    const action = line['update'] as { _index: string; _id: string; if_seq_no?: number } | undefined;
    if (at % 2 === 1) return [];
    if (action === undefined) throw new Error('the search engine in memory takes only updates as a call; use bulk()');
    const index = search.indices.get(action._index);
    const { status, error } = index?.update(action._id, (lines[at + 1] as Json)['doc'] as Json, action.if_seq_no ?? null) ?? { status: 404, error: { type: 'index_not_found_exception', reason: action._index } };
    const seqNo = index?.documents.get(action._id)?.seqNo;
    return [{ update: error === undefined ? { status, _seq_no: seqNo, _primary_term: 1 } : { status, error } }];
  });
  return ok({ errors: items.some((item) => 'error' in item.update), items });
}

function simulateIndex({ search, target }: Call): CallAnswer {
  const template = templateOf(search, target);
  return ok(template === null ? {} : { template: template['template'] });
}

function searched(call: Call): CallAnswer {
  const from = Number(call.body['from'] ?? 0);
  const size = Number(call.body['size'] ?? call.query.get('size') ?? 10);
  return found(call, (hits) => ({
    hits: {
      total: { value: hits.length, relation: 'eq' },
      hits: pageOf(inOrder(hits, call.body['sort']), call.body['search_after']).slice(from, from + size).map(({ document, sort }) => ({
        _index: document.index, _id: document.id, _version: document.version, _seq_no: document.seqNo, _primary_term: 1, _source: document.source, ...(sort.length === 0 ? {} : { sort }),
      })),
    },
    ...(call.body['aggs'] === undefined ? {} : { aggregations: aggregated(hits, call.body['aggs'] as Record<string, Aggregation>) }),
  }));
}

type Aggregation = Readonly<Record<string, { readonly field: string }>>;

function aggregated(hits: readonly StoredDocument[], aggs: Readonly<Record<string, Aggregation>>): Json {
  return Object.fromEntries(Object.entries(aggs).map(([name, aggregation]) => {
    const [[kind = '', { field = '' } = {}] = []] = Object.entries(aggregation);
    return [name, aggregateOf(kind, hits.flatMap((hit) => valuesAt(hit, field)))];
  }));
}

function aggregateOf(kind: string, values: readonly unknown[]): Json {
  const numbers = values.map((value) => (typeof value === 'string' ? Date.parse(value) : Number(value)));
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  switch (kind) {
    case 'terms': return { buckets: [...counts].map(([key, doc_count]) => ({ key, doc_count })) };
    case 'cardinality': return { value: counts.size };
    case 'sum': return { value: numbers.reduce((sum, number) => sum + number, 0) };
    case 'min': return { value: numbers.length === 0 ? null : Math.min(...numbers) };
    case 'max': return { value: numbers.length === 0 ? null : Math.max(...numbers) };
    default: throw new Error(`the search engine in memory knows no aggregation ${kind}`);
  }
}

function found(call: Call, answer: (hits: FoundDocument[]) => Json): CallAnswer {
  const query = (call.body['query'] ?? { match_all: {} }) as Json;
  const indices = selected(call);
  if (indices.length === 0 && !call.target.includes('*')) return notFound(call.target);
  return ok(answer(documentsOf(call, query)));
}

function documentsOf(call: Call, query: Json): FoundDocument[] {
  return selected(call).flatMap((index) => visible(index, call.target, query));
}

function visible(index: MemoryIndex, target: string, query: Json): FoundDocument[] {
  const filter = matches(target, index.name) ? undefined : (index.aliases[target]?.['filter'] as Json | undefined);
  return [...index.documents.values()].map((stored) => ({ ...stored, index: index.name })).filter((stored) => (
    stored.source !== null && (filter === undefined || answersQuery(filter, stored)) && answersQuery(query, stored)
  ));
}

/** The indices that a target names: exact names, patterns and aliases, separated by commas. */
function selected({ search, target }: Call): MemoryIndex[] {
  const parts = target.split(',');
  return [...search.indices.values()].filter((index) => parts.some((part) => matches(part, index.name) || part in index.aliases));
}

function eachIndex(call: Call, show: (index: MemoryIndex) => Json): CallAnswer {
  const indices = selected(call);
  if (indices.length === 0 && !call.target.includes('*') && call.query.get('ignore_unavailable') !== 'true') return notFound(call.target);
  return ok(Object.fromEntries(indices.map((index) => [index.name, show(index)])));
}

function ok(body: Json): CallAnswer {
  return { status: 200, body };
}

function notFound(name: string): CallAnswer {
  return refused(404, 'index_not_found_exception', `no such index [${name}]`);
}

function refused(status: number, type: string, reason: string): CallAnswer {
  return { status, body: { error: { root_cause: [{ type, reason }], type, reason }, status } };
}
