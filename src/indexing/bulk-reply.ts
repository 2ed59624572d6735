import { classifyItem, classifyRequest, type Outcome, type RequestOutcome } from '../domain/outcome.ts';
import type { Operation } from '../domain/envelope.ts';
import type { Answer } from '../ports/search-index.ts';
import type { Flaw } from './precheck.ts';

/** Longest part of an unexpected answer that is quoted in logs, characters. */
const QUOTED = 300;
const TOO_MANY = 429;
/** How the answer to a wholly applied request begins. */
const NO_ERRORS = Buffer.from('{"errors":false');

/** The answer to one `_bulk` request, judged. */
export interface Reply {
  readonly request: RequestOutcome;
  /** One per operation when `request` is 'items'; null when every one was applied. */
  readonly outcomes: readonly Outcome[] | null;
  /** Error of each operation that was not done, by position. */
  readonly flaws: ReadonlyMap<number, Flaw>;
  /** What the whole request was refused with. */
  readonly flaw: Flaw | null;
  /** Answers that no rule of the outcome table names. */
  readonly unknown: number;
  /** Operations that the cluster had no room for: refused one by one, all at once, or not answered in time. */
  readonly overload: number;
}

interface BulkItem { readonly status?: number; readonly error?: { readonly type?: string; readonly reason?: string; readonly caused_by?: { readonly reason?: string } } }

/** Judges an answer to a request of `count` operations; total, never throws. */
export function readReply(answer: Answer, count: number, operationOf: (at: number) => Operation): Reply {
  if (answer.kind === 'silent') return refused('silent', { type: `no_answer_${answer.cause}`, reason: answer.reason }, answer.cause === 'timeout' ? count : 0);
  if (answer.status !== 200) return refused(answer.status, flawOfBody(answer.status, answer.body), answer.status === TOO_MANY ? count : 0);
  if (answer.body.subarray(0, NO_ERRORS.length).equals(NO_ERRORS)) return { request: 'items', outcomes: null, flaws: new Map(), flaw: null, unknown: 0, overload: 0 };
  const items = itemsOf(answer.body);
  if (items === null || items.length !== count) {
    const reason = `${items === null ? 'not a bulk answer' : `${items.length} items for ${count} operations`}: ${quote(answer.body)}`;
    return { request: 'retry', outcomes: null, flaws: new Map(), flaw: { type: 'answer_unreadable', reason }, unknown: 1, overload: 0 };
  }
  return judge(items, operationOf);
}

function judge(items: readonly BulkItem[], operationOf: (at: number) => Operation): Reply {
  const outcomes: Outcome[] = [];
  const flaws = new Map<number, Flaw>();
  let [unknowns, overload] = [0, 0];
  items.forEach((item, at) => {
    const type = item.error?.type ?? null;
    const { outcome, unknown } = classifyItem({ operation: operationOf(at), status: item.status ?? 0, type });
    outcomes.push(outcome);
    if (unknown) unknowns += 1;
    if (outcome === 'retry' && item.status === TOO_MANY) overload += 1;
    if (outcome !== 'applied' && outcome !== 'superseded') flaws.set(at, { type: type ?? `status_${item.status}`, reason: reasonOf(item) });
  });
  return { request: 'items', outcomes, flaws, flaw: null, unknown: unknowns, overload };
}

function reasonOf(item: BulkItem): string {
  const causes = [item.error?.reason, item.error?.caused_by?.reason].filter((reason) => reason !== undefined);
  return causes.join('; caused by: ');
}

function refused(status: number | 'silent', flaw: Flaw, overload: number): Reply {
  const { outcome, unknown } = classifyRequest(status);
  return { request: outcome, outcomes: null, flaws: new Map(), flaw, unknown: unknown ? 1 : 0, overload };
}

function itemsOf(body: Buffer): BulkItem[] | null {
  const json = parseJson(body);
  const items = (json as { items?: unknown } | null)?.items;
  if (!Array.isArray(items)) return null;
  return items.map((item: { index?: BulkItem; delete?: BulkItem }) => item.index ?? item.delete ?? {});
}

function flawOfBody(status: number, body: Buffer): Flaw {
  const error = (parseJson(body) as { error?: { type?: string; reason?: string } } | null)?.error;
  return { type: error?.type ?? `status_${status}`, reason: error?.reason ?? `status ${status}: ${quote(body)}` };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null; // an answer that is no JSON has no items and no error: the callers say so with the bytes quoted
  }
}

function quote(body: Buffer): string {
  return body.toString('utf8', 0, QUOTED);
}
