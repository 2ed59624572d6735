import type { Operation } from './envelope.ts';

/**
 * What became of one operation.
 * - `applied`, `superseded` (a newer or equal version was there): done.
 * - `rejected`: the document's own fault; it goes to the failure index.
 * - `retry`: the cluster's fault; the same operation is sent again, for as long as it takes.
 * - `hold`: nothing can be written until somebody mends the cluster; the lane stops and probes.
 */
export type Outcome = 'applied' | 'superseded' | 'rejected' | 'retry' | 'hold';

/** What becomes of a whole request that was not answered item by item. */
export type RequestOutcome = 'items' | 'bisect' | 'bisect-size' | 'retry' | 'hold';

/** One item of a `_bulk` answer; `type` is the error type, null where there is no error. */
export interface ItemAnswer {
  readonly operation: Operation;
  readonly status: number;
  readonly type: string | null;
}

interface Rule<Outcomes extends string> {
  readonly answer: string;
  readonly outcome: Outcomes;
  /** True where no rule names the answer: it is safe, and an alarm. */
  readonly unknown?: true;
}

interface ItemRule extends Rule<Outcome> { readonly matches: (item: ItemAnswer) => boolean }
interface RequestRule extends Rule<RequestOutcome> { readonly matches: (status: number | 'silent') => boolean }

const OVERLOADED = new Set(['es_rejected_execution_exception', 'circuit_breaking_exception']);
const UNAVAILABLE = new Set([502, 503, 504]);
/** Types that name the cluster's state, not the document, whatever status they come with. */
const HELD = new Set(['index_closed_exception', 'index_not_found_exception', 'security_exception']);

/** First match wins; the last row takes everything, so the table is total. */
export const ITEM_RULES: readonly ItemRule[] = [
  { answer: '200, 201', outcome: 'applied', matches: (item) => item.type === null && (item.status === 200 || item.status === 201) },
  { answer: 'delete: 404 without an error', outcome: 'applied', matches: (item) => item.type === null && item.status === 404 && item.operation === 'delete' },
  { answer: '409 version_conflict_engine_exception', outcome: 'superseded', matches: (item) => item.status === 409 && item.type === 'version_conflict_engine_exception' },
  { answer: 'index_closed_exception, index_not_found_exception, security_exception', outcome: 'hold', matches: (item) => item.type !== null && HELD.has(item.type) },
  { answer: '429 (es_rejected_execution, circuit_breaking, flood-stage cluster_block)', outcome: 'retry', matches: (item) => item.status === 429 || (item.type !== null && OVERLOADED.has(item.type)) },
  { answer: '401, 403 (write block, privileges)', outcome: 'hold', matches: (item) => item.status === 401 || item.status === 403 },
  { answer: '502, 503, 504', outcome: 'retry', matches: (item) => UNAVAILABLE.has(item.status) },
  { answer: '400, 413 with any other error type', outcome: 'rejected', matches: (item) => item.type !== null && (item.status === 400 || item.status === 413) },
  { answer: 'anything else', outcome: 'retry', unknown: true, matches: () => true },
];

export const REQUEST_RULES: readonly RequestRule[] = [
  { answer: '200', outcome: 'items', matches: (status) => status === 200 },
  { answer: '400', outcome: 'bisect', matches: (status) => status === 400 },
  { answer: '413', outcome: 'bisect-size', matches: (status) => status === 413 },
  { answer: '401, 403, 404', outcome: 'hold', matches: (status) => status === 401 || status === 403 || status === 404 },
  { answer: '429, 502, 503, 504', outcome: 'retry', matches: (status) => status === 429 || (status !== 'silent' && UNAVAILABLE.has(status)) },
  { answer: 'no answer (refused, reset, timed out)', outcome: 'retry', matches: (status) => status === 'silent' },
  { answer: 'anything else', outcome: 'retry', unknown: true, matches: () => true },
];

/** Total: every answer has an outcome; `unknown` ones are retried and raise an alarm, never dropped. */
export function classifyItem(item: ItemAnswer): { outcome: Outcome; unknown: boolean } {
  return ruleOf(ITEM_RULES, (rule) => rule.matches(item));
}

/** The same for the answer to a whole request. */
export function classifyRequest(status: number | 'silent'): { outcome: RequestOutcome; unknown: boolean } {
  return ruleOf(REQUEST_RULES, (rule) => rule.matches(status));
}

function ruleOf<Outcomes extends string, R extends Rule<Outcomes>>(rules: readonly R[], matches: (rule: R) => boolean): { outcome: Outcomes; unknown: boolean } {
  const rule = rules.find(matches);
  if (rule === undefined) throw new Error('the last rule of an outcome table takes everything');
  return { outcome: rule.outcome, unknown: rule.unknown === true };
}
