import { caseKeyOf, casesOf, copyQueries, type Case } from './case.ts';
import type { Failure } from './failure.ts';
import type { FailureStore } from './failure-store.ts';
import type { FailureFilter } from './filter.ts';

/** Most failures that one run takes; the next run takes the rest. */
export const MAX_SELECTED = 100_000;
const PAGE = 1_000;
/** Most failure documents that are looked at for one chunk of cases in one region. */
const MAX_COPIES = 2_000;

export interface Selection {
  /** Failure documents found. */
  readonly failures: number;
  readonly cases: readonly Case[];
  /** True where there are more than the limit. */
  readonly more: boolean;
}

/** Finds the failures meant, oldest first, and groups them by what failed. Payloads are not read yet. */
export async function select(stores: readonly FailureStore[], filter: FailureFilter, limit: number): Promise<Selection> {
  const found: Failure[] = [];
  let more = false;
  for (const store of stores) {
    await store.refresh();
    const some = await selectFrom(store, filter, limit - found.length);
    found.push(...some.failures);
    more ||= some.more;
  }
  const cases = casesOf(found, stores.map((store) => store.region));
  return { failures: found.length, cases: cases.toSorted((a, b) => (earliestOf(a) < earliestOf(b) ? -1 : 1)), more };
}

async function selectFrom(store: FailureStore, filter: FailureFilter, limit: number): Promise<{ failures: Failure[]; more: boolean }> {
  const failures: Failure[] = [];
  for (let after: readonly unknown[] | null = null; failures.length <= limit; ) {
    const page = await store.page(filter, Math.min(PAGE, limit + 1 - failures.length), after);
    failures.push(...page.map(({ failure }) => failure));
    const last = page.at(-1);
    if (last === undefined) return { failures, more: false };
    after = last.sort;
  }
  return { failures: failures.slice(0, limit), more: true };
}

/** The cases with every copy there is now, in all given regions, whatever its state. */
export async function withAllCopies(cases: readonly Case[], stores: readonly FailureStore[]): Promise<Case[]> {
  const wanted = new Set(cases.map((one) => one.key));
  const queries = copyQueries(cases);
  const copies = (await Promise.all(stores.map((store) => store.any(queries, MAX_COPIES)))).flat();
  return casesOf(copies.filter((copy) => wanted.has(caseKeyOf(copy))), stores.map((store) => store.region));
}

function earliestOf(one: Case): string {
  return one.copies.reduce((earliest, copy) => (copy.at < earliest ? copy.at : earliest), one.copies[0]?.at ?? '');
}
