import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json } from '../ports/search-index.ts';
import { leadOf, type Case } from './case.ts';
import type { Failure } from './failure.ts';
import type { FailureStore } from './failure-store.ts';
import { claimFields, endFields, type End } from './transition.ts';

/** A copy of a failure that this run holds: as it was before the claim, with the position of the claim. */
export interface Held {
  readonly before: Failure;
  readonly seqNo: number;
  readonly primaryTerm: number;
}

export interface HeldCase {
  readonly case: Case;
  readonly held: readonly Held[];
}

interface Ending { readonly held: Held; readonly end: End }

/** Claims failures for one run and ends the claims: whoever claims the lead of a case first, works on the case. */
export class Claims {
  readonly #stores: ReadonlyMap<string, FailureStore>;
  readonly #by: string;
  readonly #run: string;
  readonly #clock: Clock;

  constructor(stores: readonly FailureStore[], by: string, run: string, clock: Clock) {
    this.#stores = new Map(stores.map((store) => [store.region, store]));
    this.#by = by;
    this.#run = run;
    this.#clock = clock;
  }

  /** The cases of which this run now holds the lead; other copies that moved on meanwhile are left to whoever moved them. */
  async claim(cases: readonly Case[], signal: AbortSignal): Promise<HeldCase[]> {
    const leads = await this.#claimAll(cases.map(leadOf), signal);
    const won = cases.flatMap((one, at) => (leads[at] == null ? [] : [{ one, lead: leads[at] }]));
    const others = won.flatMap(({ one }) => one.copies.slice(1));
    const claims = await this.#claimAll(others, signal);
    const held = new Map(others.map((copy, at) => [copy, claims[at] ?? null]));
    return won.map(({ one, lead }) => {
      const rest = one.copies.slice(1).flatMap((copy) => held.get(copy) ?? []);
      return { case: { ...one, copies: [lead.before, ...rest.map(({ before }) => before)] }, held: [lead, ...rest] };
    });
  }

  /** Ends claims. Returns how many failures came back, or were taken over, in the meantime: those stay as they are. */
  async end(endings: readonly Ending[], signal: AbortSignal): Promise<number> {
    const actor = { by: this.#by, at: this.#clock.now() };
    const changes = endings.map(({ held: { before, seqNo, primaryTerm }, end }) => ({ failure: { ...before, seqNo, primaryTerm }, fields: endFields(before, actor, end) }));
    const results = await this.#change(changes, signal);
    return results.filter((result) => result === null).length;
  }

  /** Gives claims back after something broke; what cannot be given back runs out by itself. Returns the problem, null when all is well. */
  async release(held: readonly Held[], reason: string): Promise<string | null> {
    try {
      await this.end(held.map((one) => ({ held: one, end: { kind: 'released', outcome: reason } })), new AbortController().signal);
      return null;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return messageOf(error);
    }
  }

  async #claimAll(failures: readonly Failure[], signal: AbortSignal): Promise<(Held | null)[]> {
    const actor = { by: this.#by, at: this.#clock.now() };
    const results = await this.#change(failures.map((failure) => ({ failure, fields: claimFields(failure, actor, this.#run) })), signal);
    return results.map((result, at) => (result === null ? null : { before: failures[at] as Failure, ...result }));
  }

  /** Changes in each region's index; null where somebody else was faster. */
  async #change(changes: readonly { readonly failure: Failure; readonly fields: Json }[], signal: AbortSignal): Promise<({ seqNo: number; primaryTerm: number } | null)[]> {
    const results: ({ seqNo: number; primaryTerm: number } | null)[] = changes.map(() => null);
    for (const [region, store] of this.#stores) {
      const own = changes.flatMap((change, at) => (change.failure.region === region ? [{ change, at }] : []));
      if (own.length === 0) continue;
      const changed = await store.change(own.map(({ change }) => change), signal);
      changed.forEach((result, position) => {
        if (result.kind === 'made') results[(own[position] as { at: number }).at] = { seqNo: result.seqNo, primaryTerm: result.primaryTerm };
      });
    }
    return results;
  }
}
