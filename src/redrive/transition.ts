import type { Json } from '../ports/search-index.ts';
import type { Failure, FailureState, HistoryEntry } from './failure.ts';

/** A claim without an end is given up after this time, ms: its run has died. */
export const CLAIM_LEASE_MS = 180_000;
/** Entries of history that are kept; the oldest go first. */
const MAX_HISTORY = 50;
const MAX_OUTCOME = 1_000;

/** Who does it, and when (epoch ms). */
export interface Actor {
  readonly by: string;
  readonly at: number;
}

/** What came of working on a failure. */
export type End =
  | { readonly kind: 'done'; readonly outcome: string }
  /** It failed again, for this reason: the failure is open again. */
  | { readonly kind: 'failed'; readonly outcome: string; readonly error: { readonly type: string; readonly reason: string } }
  /** Nothing can be said of the record: a cluster was in the way. The failure is open again. */
  | { readonly kind: 'released'; readonly outcome: string };

/** Whether somebody else works on it at the moment. */
export function isClaimed(failure: Failure, now: number): boolean {
  if (failure.state !== 'redriving') return false;
  const claim = failure.history.at(-1);
  return claim?.action === 'claim' && now - Date.parse(claim.at) < CLAIM_LEASE_MS;
}

/** Whether a failure may be worked on by one who asks for these states; a claim that ran out counts as open. */
export function isFree(failure: Failure, states: readonly FailureState[], now: number): boolean {
  return failure.state === 'redriving' ? !isClaimed(failure, now) : states.includes(failure.state);
}

/** The fields that claim a failure for a run. */
export function claimFields(failure: Failure, { by, at }: Actor, run: string): Json {
  return { state: 'redriving', history: historyOf(failure, { at: iso(at), by, action: 'claim', outcome: `run ${run}` }) };
}

/** The fields that end a claim; `failure` is as it was before the claim, which the end replaces in the history. */
export function endFields(failure: Failure, { by, at }: Actor, end: End): Json {
  const entry: HistoryEntry = { at: iso(at), by, action: end.kind === 'released' ? 'release' : 'redrive', outcome: end.outcome.slice(0, MAX_OUTCOME) };
  const state: FailureState = end.kind === 'done' ? 'redriven' : 'open';
  const fields = { state, history: historyOf(failure, entry) };
  return end.kind === 'failed' ? { ...fields, error: end.error } : fields;
}

/** The fields that discard a failure. */
export function discardFields(failure: Failure, { by, at }: Actor, reason: string): Json {
  return { state: 'discarded', history: historyOf(failure, { at: iso(at), by, action: 'discard', outcome: reason.slice(0, MAX_OUTCOME) }) };
}

/** A claim that ran out stays in the history: somebody began, and nobody knows how it ended. */
function historyOf(failure: Failure, entry: HistoryEntry): HistoryEntry[] {
  return [...failure.history, entry].slice(-MAX_HISTORY);
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
