import { indexNameOf } from '../../src/domain/index-name.ts';
import type { OutgoingRecord } from '../../src/ports/record-log.ts';
import { benchDocuments, recordOf, type BenchDocument } from '../documents.ts';
import { BENCH_PIPELINE, pipelineNamed } from '../events.ts';

const FIRST_DAY = Date.UTC(2026, 10, 1);
const DAY_MS = 86_400_000;

/** Documents in the order of their days: as many indices as days, all of a size. */
export class DatedDocuments {
  readonly count: number;
  readonly days: number;
  readonly #prefix: string;
  readonly #document: (number: number) => BenchDocument;

  private constructor(prefix: string, count: number, days: number, document: (number: number) => BenchDocument) {
    this.#prefix = prefix;
    this.count = count;
    this.days = days;
    this.#document = document;
  }

  static async of(prefix: string, count: number, days: number): Promise<DatedDocuments> {
    return new DatedDocuments(prefix, count, days, await benchDocuments());
  }

  /** A record as ingest would have written it. */
  record(number: number, now: number): OutgoingRecord {
    const soldAt = this.#soldAt(number);
    const document = this.#document(number);
    const body = document.body.replace(/"sold_at":"[^"]+"/, `"sold_at":"${new Date(soldAt).toISOString()}"`);
    return recordOf(this.#prefix, { ...document, routingTime: soldAt, body }, now);
  }

  /** The indices of so many days from one on, and the time that they span (epoch ms, the end not included). */
  span(firstDay: number, days: number): { readonly indices: string[]; readonly from: number; readonly until: number } {
    const starts = Array.from({ length: days }, (_, at) => FIRST_DAY + (firstDay + at) * DAY_MS);
    const { period } = pipelineNamed(BENCH_PIPELINE).index;
    return { indices: starts.map((start) => indexNameOf(this.#prefix + BENCH_PIPELINE, period, start)), from: starts[0] as number, until: (starts.at(-1) as number) + DAY_MS };
  }

  #soldAt(number: number): number {
    return FIRST_DAY + Math.floor((number / this.count) * this.days * DAY_MS);
  }
}
