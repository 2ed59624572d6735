import { classifyItem } from '../domain/outcome.ts';
import { SluiceError } from '../domain/errors.ts';
import { FAILURES_INDEX } from '../domain/system-names.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import { failureOf, type Failure, type StoredHit } from './failure.ts';
import { queryOf, type FailureFilter } from './filter.ts';

/** Unique within one region's index, so that a page can begin where the last one ended. */
const ORDER = [{ '@timestamp': 'asc' }, { 'source.cluster': 'asc' }, { 'source.topic': 'asc' }, { 'source.partition': 'asc' }, { 'source.offset': 'asc' }];
const WITHOUT_PAYLOAD = { excludes: ['payload', 'error.stack'] };
/** A change that the cluster has no room for now is tried so often, with growing pauses. */
const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 200;
const NOT_FOUND = 404;

/** A change of one failure document, made only if nobody changed it since it was read. */
export interface Change {
  readonly failure: Failure;
  /** Fields that are set; those not named stay. */
  readonly fields: Json;
}

/** What became of a change: made (with the document's new position), or somebody else was faster. */
export type Changed = { readonly kind: 'made'; readonly seqNo: number; readonly primaryTerm: number } | { readonly kind: 'conflict' };

/** A failure and where it stands in the order of its index. */
export interface FoundFailure {
  readonly failure: Failure;
  readonly sort: readonly unknown[];
}

interface Hit extends StoredHit { readonly sort?: readonly unknown[] }
interface UpdateItem { readonly status: number; readonly _seq_no?: number; readonly _primary_term?: number; readonly error?: { readonly type: string; readonly reason: string } }

/** One region's failure index. Rejects with SluiceError `ELASTICSEARCH_*`; an index that was never made holds no failures. */
export class FailureStore {
  readonly region: string;
  readonly #search: SearchAdmin;
  readonly #alias: string;
  readonly #clock: Clock;

  constructor(region: string, search: SearchAdmin, prefix: string, clock: Clock) {
    this.region = region;
    this.#search = search;
    this.#alias = `${prefix}${FAILURES_INDEX}`;
    this.#clock = clock;
  }

  /** Makes everything written so far visible to searches. */
  async refresh(): Promise<void> {
    await this.#search.call('POST', `/${this.#alias}/_refresh`, undefined, { okStatuses: [NOT_FOUND] });
  }

  /** One page of failures without payloads, oldest first, after a position in that order. */
  async page(filter: FailureFilter, size: number, after: readonly unknown[] | null): Promise<FoundFailure[]> {
    const body = await this.#ask({ size, query: queryOf(filter), sort: ORDER, _source: WITHOUT_PAYLOAD, seq_no_primary_term: true, ...(after === null ? {} : { search_after: after }) });
    return hitsOf(body).map((hit) => ({ failure: failureOf(this.region, hit), sort: hit.sort ?? [] }));
  }

  /** The newest failures without payloads, and how many there are. */
  async newest(filter: FailureFilter, size: number): Promise<{ total: number; failures: Failure[] }> {
    const body = await this.#ask({ size, query: queryOf(filter), sort: [{ '@timestamp': 'desc' }], _source: WITHOUT_PAYLOAD, seq_no_primary_term: true, track_total_hits: true });
    return { total: totalOf(body), failures: hitsOf(body).map((hit) => failureOf(this.region, hit)) };
  }

  /** Failures that answer any of the queries, without payloads, at most `size`. */
  async any(queries: readonly Json[], size: number): Promise<Failure[]> {
    const body = await this.#ask({ size, query: { bool: { should: queries, minimum_should_match: 1 } }, _source: WITHOUT_PAYLOAD, seq_no_primary_term: true });
    return hitsOf(body).map((hit) => failureOf(this.region, hit));
  }

  /** How many failures, by field and value. */
  async counts(filter: FailureFilter, fields: Readonly<Record<string, string>>): Promise<{ total: number; by: Record<string, Record<string, number>> }> {
    const aggs = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { terms: { field, size: 100 } }]));
    const body = await this.#ask({ size: 0, query: queryOf(filter), track_total_hits: true, aggs });
    const aggregations = (body['aggregations'] ?? {}) as Record<string, { buckets: { key: string; doc_count: number }[] }>;
    const by = Object.fromEntries(Object.entries(aggregations).map(([name, { buckets }]) => [name, Object.fromEntries(buckets.map((bucket) => [bucket.key, bucket.doc_count]))]));
    return { total: totalOf(body), by };
  }

  /** The failures as they are now (not as last refreshed), with payloads; those that are gone are left out. */
  async read(failures: readonly Pick<Failure, 'index' | 'id'>[]): Promise<Failure[]> {
    if (failures.length === 0) return [];
    const { body } = await this.#search.call('POST', '/_mget', { docs: failures.map(({ index, id }) => ({ _index: index, _id: id })) });
    return (body['docs'] as (StoredHit & { found?: boolean })[]).filter((hit) => hit.found === true).map((hit) => failureOf(this.region, hit));
  }

  /** Raw documents of one id, in whichever month they are. */
  async show(id: string): Promise<{ index: string; id: string; source: Json }[]> {
    const body = await this.#ask({ size: 10, query: { ids: { values: [id] } } });
    return hitsOf(body).map((hit) => ({ index: hit._index, id: hit._id, source: hit._source }));
  }

  /** Makes each change unless its document moved on since it was read; one result per change, in order. */
  async change(changes: readonly Change[], signal: AbortSignal): Promise<Changed[]> {
    const results: (Changed | null)[] = changes.map(() => null);
    for (let attempt = 1; results.includes(null); attempt += 1) {
      const left = changes.flatMap((change, at) => (results[at] === null ? [{ change, at }] : []));
      const items = await this.#update(left.map(({ change }) => change), signal);
      let trouble = '';
      items.forEach((item, position) => {
        const judged = judge(item);
        if ('kind' in judged) results[(left[position] as { at: number }).at] = judged;
        else trouble = judged.trouble;
      });
      if (trouble === '') break;
      if (attempt === MAX_ATTEMPTS) throw new SluiceError('ELASTICSEARCH_UNAVAILABLE', `the failure index of ${this.region} cannot be changed: ${trouble}`);
      await this.#clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
    }
    return results as Changed[];
  }

  async #update(changes: readonly Change[], signal: AbortSignal): Promise<UpdateItem[]> {
    const lines = changes.map(({ failure, fields }) => `${JSON.stringify({ update: { _index: failure.index, _id: failure.id, if_seq_no: failure.seqNo, if_primary_term: failure.primaryTerm } })}\n${JSON.stringify({ doc: fields })}\n`);
    // Visible at once: the next operator must find the claim.
    const { body } = await this.#search.call('POST', '/_bulk?refresh=true', lines.join(''), { signal });
    return (body['items'] as { update: UpdateItem }[]).map((item) => item.update);
  }

  async #ask(body: Json): Promise<Json> {
    const answer = await this.#search.call('POST', `/${this.#alias}/_search`, body, { okStatuses: [NOT_FOUND] });
    return answer.status === NOT_FOUND ? { hits: { total: { value: 0 }, hits: [] } } : answer.body;
  }
}

/** By the outcome table: a conflict, or a document that is gone, is somebody else's doing; all else is trouble of the cluster. */
function judge(item: UpdateItem): Changed | { trouble: string } {
  const { outcome } = classifyItem({ operation: 'index', status: item.status, type: item.error?.type ?? null });
  if (outcome === 'applied') return { kind: 'made', seqNo: item._seq_no ?? -1, primaryTerm: item._primary_term ?? -1 };
  if (outcome === 'superseded' || item.error?.type === 'document_missing_exception') return { kind: 'conflict' };
  return { trouble: `${item.error?.type ?? item.status}: ${item.error?.reason ?? ''}` };
}

function hitsOf(body: Json): Hit[] {
  return (body['hits'] as { hits: Hit[] }).hits;
}

function totalOf(body: Json): number {
  return (body['hits'] as { total: { value: number } }).total.value;
}
