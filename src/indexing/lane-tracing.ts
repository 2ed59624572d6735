import type { Span, Tracing } from '../ports/tracing.ts';
import type { Batch } from './batch.ts';

interface Open { readonly records: readonly Span[]; readonly request: Span | null }

/** The spans of a lane: one over each traced record from its batch to its settlement, one over the bulk request that carries them. */
export class LaneTracing {
  readonly #tracing: Tracing;
  readonly #lane: string;
  readonly #open = new Map<Batch, Open>();

  constructor(tracing: Tracing, lane: string) {
    this.#tracing = tracing;
    this.#lane = lane;
  }

  /** A batch goes out: the `traceparent` of its requests, undefined where it holds nothing that is traced. */
  sending(batch: Batch): string | undefined {
    if (batch.traces.length === 0) return undefined;
    const facts = { 'sluice.batch.id': batch.id, 'sluice.lane': this.#lane };
    const records = batch.traces.flatMap((parent) => this.#tracing.start({ name: `index ${this.#lane}`, kind: 'consumer', parent, at: batch.openedAt, facts }) ?? []);
    const [first, ...others] = records;
    if (first === undefined) return undefined;
    const request = this.#tracing.start({
      name: 'bulk', kind: 'client', parent: first.traceparent, links: others.map(({ traceparent }) => traceparent),
      facts: { ...facts, 'db.system.name': 'elasticsearch', 'db.operation.name': 'bulk', 'db.operation.batch.size': batch.count },
    });
    this.#open.set(batch, { records, request });
    return request?.traceparent;
  }

  delivered(batch: Batch): void {
    this.#open.get(batch)?.request?.end();
  }

  settled(batch: Batch): void {
    for (const span of this.#open.get(batch)?.records ?? []) span.end();
    this.#open.delete(batch);
  }
}
