import type { SearchCluster } from '../../src/ports/search-index.ts';
import { documentsIn, periodsOf } from '../../src/proof/read-region.ts';
import { merged, type Stretch } from './oracle.ts';

const PAGE = 1_000;
/** Batch documents are looked for from so long before the newest one that is known, ms: a held lane writes late. */
const OVERLAP_MS = 120_000;
const TIMEOUT_MS = 10_000;
/** Stretches of a partition are put together when there are more. */
const MAX_STRETCHES = 500;

interface BatchDocument {
  readonly lane: string;
  readonly host: string;
  readonly end_time: string;
  readonly detail: readonly { readonly start_time: string; readonly end_time: string; readonly ranges: readonly { readonly topic: string; readonly partition: number; readonly first: number; readonly last: number }[] }[];
}

/** Batches before and after a stretch that are told of with it, by offset. */
const NEIGHBOURHOOD = 50;

/** What the batch-metadata index of one region says was settled: by lane and `topic/partition`. */
export class LedgerReader {
  readonly #search: SearchCluster;
  readonly #base: string;
  readonly #seen = new Set<string>();
  readonly #settled = new Map<string, Stretch[]>();
  #newest = 0;

  constructor(search: SearchCluster, prefix: string) {
    this.#search = search;
    this.#base = `${prefix}sluice-batches`;
  }

  settled(lane: string, topic: string, partition: number): readonly Stretch[] {
    return this.#settled.get(keyOf(lane, topic, partition)) ?? [];
  }

  /** Looks for documents that came lately. */
  async readNew(): Promise<void> {
    await this.#search.call('POST', `/${this.#base}-*/_refresh`, undefined, { timeoutMs: TIMEOUT_MS });
    const since = new Date(Math.max(0, this.#newest - OVERLAP_MS)).toISOString();
    for (let after: unknown; ;) {
      const { body } = await this.#search.call('POST', `/${this.#base}-*/_search`, {
        size: PAGE, query: { range: { end_time: { gte: since } } }, sort: [{ end_time: 'asc' }, { start_time: 'asc' }],
        _source: ['lane', 'end_time', 'detail.ranges'], ...(after === undefined ? {} : { search_after: after }),
      }, { timeoutMs: TIMEOUT_MS });
      const hits = (body['hits'] as { hits: { _id: string; _source: BatchDocument; sort: unknown }[] }).hits;
      for (const hit of hits) this.#add(hit._id, hit._source);
      if (hits.length < PAGE) return;
      after = hits.at(-1)?.sort;
    }
  }

  /** Reads all there is: what `readNew` can have passed over is then known, too. */
  async readAll(): Promise<void> {
    for await (const { id, document } of this.#documents()) this.#add(id, document);
  }

  async *#documents(): AsyncGenerator<{ id: string; document: BatchDocument }> {
    for (const period of await periodsOf(this.#search, this.#base)) {
      for await (const { id, source } of documentsIn(this.#search, `${this.#base}-${period}`)) yield { id, document: source as unknown as BatchDocument };
    }
  }

  /** Which host settled what around a stretch, and when: evidence, in words. */
  async around(lane: string, topic: string, partition: number, { first, last }: Stretch): Promise<string> {
    const settled: string[] = [];
    for await (const { document } of this.#documents()) {
      if (document.lane !== lane) continue;
      for (const { ranges, start_time, end_time } of document.detail) {
        const near = ranges.filter((range) => range.topic === topic && range.partition === partition && range.last >= first - NEIGHBOURHOOD && range.first <= last + NEIGHBOURHOOD);
        settled.push(...near.map((range) => `${range.first}…${range.last} by ${document.host} ${start_time}…${end_time}`));
      }
    }
    return settled.sort().join(', ');
  }

  #add(id: string, document: BatchDocument): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#newest = Math.max(this.#newest, Date.parse(document.end_time));
    for (const { topic, partition, first, last } of document.detail.flatMap(({ ranges }) => ranges)) {
      const key = keyOf(document.lane, topic, partition);
      const known = this.#settled.get(key);
      if (known === undefined) this.#settled.set(key, [{ first, last }]);
      else known.push({ first, last });
      if (known !== undefined && known.length > MAX_STRETCHES) this.#settled.set(key, merged(known));
    }
  }
}

function keyOf(lane: string, topic: string, partition: number): string {
  return `${lane}/${topic}/${partition}`;
}
