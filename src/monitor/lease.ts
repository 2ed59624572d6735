import { SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';

const ID = 'monitor-lease';
const NOT_FOUND = 404;
const CONFLICT = 409;

export interface LeaseOptions {
  /** In an order that all monitors share: the first region that answers decides. */
  readonly regions: ReadonlyMap<string, SearchAdmin>;
  /** Index that holds the lease, made where it is missing. */
  readonly index: string;
  readonly ensure: (region: string) => Promise<unknown>;
  readonly holder: string;
  /** A lease that its holder did not renew for this long is taken over, ms. */
  readonly leaseMs: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

interface Seen { readonly seqNo: number; readonly term: number; readonly holder: string | null; readonly at: number }
type Answer = 'held' | 'refused' | 'silent';

/**
 * Who of several monitors is active: the one that holds a document, changed by sequence number, in the first region that
 * answers. It is written to every region, so that the loss of one moves nothing. Whether a holder lives is judged by the
 * own clock (has the document changed?), never by comparing clocks. Where no region answers, a monitor that was active
 * stays so, and another becomes so after a lease time: to tell twice is better than to tell nobody.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #seen = new Map<string, Seen>();
  #active = false;
  #answeredAt: number;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#answeredAt = options.clock.monotonic();
  }

  get active(): boolean { return this.#active; }
  /** Who held it when last seen, null where nobody is known. */
  get holder(): string | null {
    return [...this.#options.regions.keys()].map((region) => this.#seen.get(region)?.holder).find((holder) => holder != null) ?? null;
  }

  /** Takes or renews it where that can be; resolves with whether this monitor is active. */
  async renew(): Promise<boolean> {
    const { regions, clock, leaseMs } = this.#options;
    let decided: Answer = 'silent';
    for (const [region, search] of regions) {
      const answer = await this.#renewIn(region, search);
      if (decided === 'silent') decided = answer;
      if (decided === 'refused') break;
    }
    if (decided !== 'silent') this.#answeredAt = clock.monotonic();
    this.#active = decided === 'held' || (decided === 'silent' && (this.#active || clock.monotonic() - this.#answeredAt >= leaseMs));
    return this.#active;
  }

  /** Lets go at once, so that the next one need not wait. */
  async release(): Promise<void> {
    this.#active = false;
    await Promise.allSettled([...this.#options.regions].map(async ([region, search]) => {
      const seen = this.#seen.get(region);
      if (seen?.holder === this.#options.holder) await this.#write(search, region, null, seen);
    }));
  }

  async #renewIn(region: string, search: SearchAdmin): Promise<Answer> {
    try {
      const current = await this.#read(region, search);
      if (current !== null && !this.#isMine(current)) return 'refused';
      return (await this.#write(search, region, this.#options.holder, current)) ? 'held' : 'refused';
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return 'silent';
    }
  }

  #isMine({ holder, at }: Seen): boolean {
    const { clock, leaseMs } = this.#options;
    return holder === null || holder === this.#options.holder || clock.monotonic() - at >= leaseMs;
  }

  /** The document as it is; `at` is when it was first seen unchanged. Null where there is none. */
  async #read(region: string, search: SearchAdmin): Promise<Seen | null> {
    const { index, timeoutMs, clock } = this.#options;
    const { status, body } = await search.call('GET', `/${index}/_doc/${ID}`, undefined, { okStatuses: [NOT_FOUND], timeoutMs });
    if (status === NOT_FOUND) {
      if (body['error'] !== undefined) await this.#options.ensure(region);
      return null;
    }
    const { holder } = body['_source'] as { holder: string | null };
    const before = this.#seen.get(region);
    const [seqNo, term] = [Number(body['_seq_no']), Number(body['_primary_term'])];
    const at = before?.seqNo === seqNo && before.term === term ? before.at : clock.monotonic();
    const seen = { seqNo, term, holder, at };
    this.#seen.set(region, seen);
    return seen;
  }

  async #write(search: SearchAdmin, region: string, holder: string | null, before: Seen | null): Promise<boolean> {
    const { index, timeoutMs, clock } = this.#options;
    const path = before === null ? `/${index}/_create/${ID}` : `/${index}/_doc/${ID}?if_seq_no=${before.seqNo}&if_primary_term=${before.term}`;
    const document: Json = { '@timestamp': new Date(clock.now()).toISOString(), kind: 'lease', holder, deleted: false };
    const { status, body } = await search.call('PUT', path, document, { okStatuses: [CONFLICT], timeoutMs });
    if (status === CONFLICT) return false;
    this.#seen.set(region, { seqNo: Number(body['_seq_no']), term: Number(body['_primary_term']), holder, at: clock.monotonic() });
    return true;
  }
}
