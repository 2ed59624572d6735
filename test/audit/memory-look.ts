import { contentOf } from '../../src/domain/content.ts';
import { parseExactly } from '../../src/domain/exact-json.ts';
import { fingerprintOf } from '../../src/domain/fingerprint.ts';
import type { Bucket, Look, Range, Seen, Totals } from '../../src/audit/look.ts';
import type { Copy } from '../../src/audit/judge.ts';

/** What one region holds of one index. */
export type Region = Map<string, Copy>;

/** A copy as it would be read from its stored text. */
export function copyOf(version: number, source: Readonly<Record<string, unknown>>): Copy {
  return { version, content: contentOf(parseExactly(JSON.stringify(source)) as Record<string, unknown>) };
}

/** A look at a region in memory, which counts what it hands over. */
export class MemoryLook implements Look {
  handed = 0;
  readonly #copies: readonly (readonly [string, Copy])[];

  constructor(region: Region) {
    this.#copies = [...region];
  }

  async totals(): Promise<Totals> {
    const prints = this.#copies.map(([, { content }]) => content.fingerprint);
    return { documents: prints.length, sum: prints.reduce<number>((sum, print) => sum + (print ?? 0), 0), unprinted: prints.filter((print) => print === null).length };
  }

  async buckets(ranges: readonly Range[], interval: number): Promise<Bucket[]> {
    const buckets = new Map<number, { documents: number; sum: number }>();
    for (const [, { content }] of this.#within(ranges)) {
      const from = Math.floor((content.fingerprint as number) / interval) * interval;
      const { documents, sum } = buckets.get(from) ?? { documents: 0, sum: 0 };
      buckets.set(from, { documents: documents + 1, sum: sum + (content.fingerprint as number) });
    }
    this.handed += buckets.size;
    return [...buckets].map(([from, bucket]) => ({ from, ...bucket }));
  }

  async* printed(ranges: readonly Range[]): AsyncIterable<Seen> {
    for (const [id, { version, content }] of this.#within(ranges)) {
      this.handed += 1;
      yield { id, mark: `${version} ${content.fingerprint}` };
    }
  }

  async* contents(of: 'all' | 'unprinted', slice: { at: number; of: number }): AsyncIterable<Seen> {
    for (const [id, { version, content }] of this.#copies) {
      if (id.length % slice.of !== slice.at || (of === 'unprinted' && content.fingerprint !== null)) continue;
      this.handed += 1;
      yield { id, mark: `${version} ${fingerprintOf(content.json, { id, version, deleted: content.deleted })}` };
    }
  }

  async close(): Promise<void> { /* nothing is open */ }

  #within(ranges: readonly Range[]): (readonly [string, Copy])[] {
    return this.#copies.filter(([, { content }]) => ranges.some(({ from, to }) => content.fingerprint !== null && content.fingerprint >= from && content.fingerprint < to));
  }
}
