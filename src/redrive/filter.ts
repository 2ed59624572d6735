import type { Stage } from '../domain/failure.ts';
import type { Json } from '../ports/search-index.ts';
import type { FailureState } from './failure.ts';

/** Which failures are meant: every condition given must hold. Times are epoch ms of the failure. */
export interface FailureFilter {
  readonly ids?: readonly string[] | undefined;
  readonly pipeline?: string | undefined;
  readonly type?: string | undefined;
  readonly stage?: Stage | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly lane?: string | undefined;
  readonly batch?: string | undefined;
  readonly states?: readonly FailureState[] | undefined;
  /** Words that the reason holds, all of them. */
  readonly text?: string | undefined;
  readonly documentId?: string | undefined;
}

/** True when nothing but the state narrows it down: everything is meant. */
export function meansAll({ states: _, ...conditions }: FailureFilter): boolean {
  return Object.values(conditions).every((value) => value === undefined);
}

/** The filter as a query on the failure index. */
export function queryOf(filter: FailureFilter): Json {
  const terms = { pipeline: filter.pipeline, 'error.type': filter.type, stage: filter.stage, lane: filter.lane, batch: filter.batch, document_id: filter.documentId };
  return {
    bool: {
      filter: [
        ...Object.entries(terms).flatMap(([field, value]) => (value === undefined ? [] : [{ term: { [field]: value } }])),
        ...(filter.ids === undefined ? [] : [{ ids: { values: filter.ids } }]),
        ...(filter.states === undefined ? [] : [{ terms: { state: filter.states } }]),
        ...(filter.since === undefined && filter.until === undefined ? [] : [{ range: { '@timestamp': rangeOf(filter) } }]),
        ...(filter.text === undefined ? [] : [{ match: { 'error.reason': { query: filter.text, operator: 'and' } } }]),
      ],
      must_not: [{ term: { deleted: true } }],
    },
  };
}

function rangeOf({ since, until }: FailureFilter): Json {
  return {
    ...(since === undefined ? {} : { gte: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { lt: new Date(until).toISOString() }),
  };
}
