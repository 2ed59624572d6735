import type { Flaw } from '../indexing/precheck.ts';
import { leadOf, type Case } from './case.ts';
import type { Failure } from './failure.ts';
import type { End } from './transition.ts';

/** What one region made of a case. */
export type RegionOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'superseded' }
  /** The region's Kafka has the record; its processors index it. */
  | { readonly kind: 'written' }
  | { readonly kind: 'rejected'; readonly flaw: Flaw }
  | { readonly kind: 'unavailable'; readonly reason: string };

export type RegionOutcomes = ReadonlyMap<string, RegionOutcome>;

/**
 * How a failure document ends. It stays open while its own region has not taken the document, and also while a region
 * that has no failure document of the case has not: nothing else would remember it there.
 */
export function endOf(failure: Pick<Failure, 'region'>, one: Case, outcomes: RegionOutcomes): End {
  const remembered = new Set(one.copies.map((copy) => copy.region));
  const concerned = [...outcomes].filter(([region]) => one.kind === 'event' || region === failure.region || !remembered.has(region));
  const outcome = concerned.map(([region, result]) => `${region}: ${wordsOf(result)}`).join('; ');
  for (const [, result] of concerned) if (result.kind === 'rejected') return { kind: 'failed', outcome, error: result.flaw };
  if (concerned.some(([, result]) => result.kind === 'unavailable')) return { kind: 'released', outcome };
  return { kind: 'done', outcome };
}

/** What a case came to as a whole. */
export type CaseResult =
  | { readonly kind: 'redriven'; readonly how: 'applied' | 'superseded' | 'written' | 'left out' }
  | { readonly kind: 'rejected'; readonly flaw: Flaw }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'skipped' }
  /** Another run has it. */
  | { readonly kind: 'taken' }
  /** It is not in a state that was asked for any more. */
  | { readonly kind: 'gone' };

/** The worst outcome decides; of the good ones the one that changed most. */
export function resultOf(outcomes: RegionOutcomes): CaseResult {
  const results = [...outcomes.values()];
  for (const result of results) if (result.kind === 'rejected') return { kind: 'rejected', flaw: result.flaw };
  for (const [region, result] of outcomes) if (result.kind === 'unavailable') return { kind: 'unavailable', reason: `${region}: ${result.reason}` };
  const how = (['written', 'applied', 'superseded'] as const).find((kind) => results.some((result) => result.kind === kind));
  return { kind: 'redriven', how: how ?? 'left out' };
}

/** A case in one line: for reports. */
export function describeCase(one: Case): { id: string; region: string; pipeline: string; documentId: string | null; version: number | null; copies: number } {
  const { id, region, pipeline, documentId, version } = leadOf(one);
  return { id, region, pipeline, documentId, version, copies: one.copies.length };
}

function wordsOf(outcome: RegionOutcome): string {
  switch (outcome.kind) {
    case 'applied': return 'applied';
    case 'superseded': return 'superseded (an equal or newer version was there)';
    case 'written': return 'written to Kafka';
    case 'rejected': return `rejected: ${outcome.flaw.type}: ${outcome.flaw.reason}`;
    case 'unavailable': return `not reached: ${outcome.reason}`;
  }
}
