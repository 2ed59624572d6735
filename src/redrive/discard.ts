import type { FailureState } from './failure.ts';
import type { FailureFilter } from './filter.ts';
import { storesOf, type RedriveParts } from './parts.ts';
import { select, withAllCopies } from './select.ts';
import { discardFields, isFree } from './transition.ts';
import { casesOf } from './case.ts';

const CHUNK = 200;
const STATES: readonly FailureState[] = ['open'];

export interface DiscardRequest {
  readonly filter: FailureFilter;
  readonly regions: readonly string[];
  /** Why they are given up: stands in the history. */
  readonly reason: string;
  readonly limit: number;
  readonly by: string;
}

export interface DiscardReport {
  readonly ok: boolean;
  /** Failure documents found and discarded; `conflicts` were changed by somebody else at that moment. */
  readonly failures: number;
  readonly discarded: number;
  readonly conflicts: number;
  readonly more: boolean;
}

/** Gives failures up, with every copy of them in the regions meant: nothing is written but their state and history. */
export async function discard(request: DiscardRequest, parts: Pick<RedriveParts, 'prefix' | 'regions' | 'clock'>, signal: AbortSignal): Promise<DiscardReport> {
  const stores = storesOf(parts, request.regions);
  const { cases, failures, more } = await select(stores, { ...request.filter, states: request.filter.states ?? STATES }, request.limit);
  const states = request.filter.states ?? STATES;
  let [discarded, conflicts] = [0, 0];
  for (let from = 0; from < cases.length && !signal.aborted; from += CHUNK) {
    const chunk = await withAllCopies(casesOf(cases.slice(from, from + CHUNK).flatMap((one) => one.copies), request.regions), stores);
    const actor = { by: request.by, at: parts.clock.now() };
    for (const store of stores) {
      const own = chunk.flatMap((one) => one.copies).filter((copy) => copy.region === store.region && isFree(copy, states, actor.at));
      if (own.length === 0) continue;
      const results = await store.change(own.map((failure) => ({ failure, fields: discardFields(failure, actor, request.reason) })), signal);
      discarded += results.filter((result) => result.kind === 'made').length;
      conflicts += results.filter((result) => result.kind === 'conflict').length;
    }
  }
  return { ok: conflicts === 0 && !signal.aborted, failures, discarded, conflicts, more };
}
