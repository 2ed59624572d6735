import type { Kind } from '../../src/audit/judge.ts';
import { documentBytes } from '../../src/domain/fingerprint.ts';
import { originSuffix, type Origin } from '../../src/domain/origin.ts';
import type { BulkSink } from '../../src/ports/search-index.ts';

/** One document as one region gets it. */
export interface Stored {
  readonly index: string;
  readonly id: string;
  readonly version: number;
  readonly source: Buffer;
}

export interface Planted {
  readonly kind: Kind;
  readonly index: string;
  readonly id: string;
}

export const KINDS: readonly Kind[] = ['missing', 'older', 'content', 'resurrected', 'orphan', 'wrong-index'];
const DAY_MS = 86_400_000;
const LANE: Origin = { role: 'primary', code: 'planted', host_group: 'test' };
const EPOCHS = 1_024;

/** Documents of sold-items in two regions that hold the same but for planted differences; every kind on either side in turn. */
export class PlantedWorld {
  readonly planted: Planted[] = [];
  readonly #prefix: string;
  readonly #count: number;
  readonly #at = new Map<number, { kind: Kind; side: 'west' | 'east' }>();
  readonly #day: number;

  /** `differences` among `count` documents, spread evenly; `day`: epoch ms, of the index that they belong to. */
  constructor(prefix: string, count: number, differences: number, day: number) {
    this.#prefix = prefix;
    this.#count = count;
    this.#day = day;
    for (let each = 0; each < differences; each += 1) {
      const kind = KINDS[each % KINDS.length] as Kind;
      const number = Math.floor((each + 0.5) * (count / differences));
      this.#at.set(number, { kind, side: Math.floor(each / KINDS.length) % 2 === 0 ? 'west' : 'east' });
      this.planted.push({ kind, id: idOf(number), index: kind === 'wrong-index' ? this.wrongIndex : this.index });
    }
  }

  get index(): string { return this.#indexOf(this.#day); }
  /** The day after. */
  get wrongIndex(): string { return this.#indexOf(this.#day + DAY_MS); }

  /** What a region holds. */
  * documents(region: 'west' | 'east'): Generator<Stored> {
    for (let number = 0; number < this.#count; number += 1) {
      const planted = this.#at.get(number);
      if (planted === undefined) yield this.#sound(number);
      else yield* this.#odd(number, planted.kind, planted.side === region);
    }
  }

  /** `here`: in the region that is wrong. */
  * #odd(number: number, kind: Kind, here: boolean): Generator<Stored> {
    switch (kind) {
      case 'missing':
        if (!here) yield this.#sound(number);
        return;
      case 'older':
        yield here ? this.#made(number, { revision: -1 }) : this.#sound(number);
        return;
      case 'content':
        yield here ? this.#made(number, { title: 'enriched otherwise' }) : this.#sound(number);
        return;
      case 'resurrected':
        yield here ? this.#sound(number) : this.#made(number, { revision: 1, deleted: true });
        return;
      case 'orphan':
        if (here) yield { ...this.#sound(number), version: 1, source: Buffer.from(JSON.stringify({ title: `by hand ${number}`, deleted: false })) };
        return;
      case 'wrong-index':
        yield this.#sound(number);
        if (here) yield { ...this.#sound(number), index: this.wrongIndex };
    }
  }

  #sound(number: number): Stored {
    return this.#made(number, {});
  }

  #made(number: number, { revision = 0, deleted = false, title = 'NEW Denim Jeans BNWT Limited Edition' }: { revision?: number; deleted?: boolean; title?: string }): Stored {
    const id = idOf(number);
    const version = (1_790_000_000_000 + number + revision) * EPOCHS;
    const about = { listing_id: id.slice(0, 12), transaction_id: id.slice(13), sold_at: new Date(this.#day + number % DAY_MS).toISOString(), updated_at: new Date(this.#day + revision).toISOString() };
    const body = deleted ? about : { ...about, status: 'sold', site: 'DE', title: `${title} ${number}`, condition: 'new', format: 'auction', quantity: 2, price: 27.99, price_cents: 2799, currency: 'EUR', buyer_country: 'DE' };
    const bytes = documentBytes(JSON.stringify(body), { id, version, deleted });
    const suffix = originSuffix(deleted ? { ...LANE, tombstone_at: Date.now() } : LANE);
    return { index: this.index, id, version, source: Buffer.concat([bytes.subarray(0, -1), suffix]) };
  }

  #indexOf(time: number): string {
    return `${this.#prefix}sold-items-${new Date(time).toISOString().slice(0, 10).replaceAll('-', '.')}`;
  }
}

function idOf(number: number): string {
  return `${300_000_000_000 + number}-${2_005_061_970_000 + number}`;
}

/** Writes documents straight into a cluster, so many a request. */
export async function store(sink: BulkSink, documents: Iterable<Stored>, atOnce = 5_000): Promise<void> {
  let lines: Buffer[] = [];
  const send = async (): Promise<void> => {
    const answer = await sink.bulk({ body: Buffer.concat(lines), detail: 'full', timeoutMs: 60_000 });
    if (answer.kind === 'silent' || answer.status !== 200 || (JSON.parse(answer.body.toString()) as { errors: boolean }).errors) throw new Error(`not stored: ${answer.kind === 'silent' ? answer.reason : answer.body.toString().slice(0, 500)}`);
    lines = [];
  };
  for (const { index, id, version, source } of documents) {
    lines.push(Buffer.from(`${JSON.stringify({ index: { _index: index, _id: id, version, version_type: 'external' } })}\n`), source, Buffer.from('\n'));
    if (lines.length >= 3 * atOnce) await send();
  }
  if (lines.length > 0) await send();
}
