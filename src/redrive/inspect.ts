import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Json } from '../ports/search-index.ts';
import type { Failure } from './failure.ts';
import type { FailureStore } from './failure-store.ts';
import type { FailureFilter } from './filter.ts';

/** A failure as it is shown: without payload, and without what only concerns the index. */
export type FailureLine = Omit<Failure, 'payload' | 'payloadEncoding' | 'seqNo' | 'primaryTerm'>;

/** An answer from every region that gave one; `problems` tells of the others. */
export interface FailureList {
  readonly total: number;
  readonly failures: readonly FailureLine[];
  readonly problems: readonly string[];
}

export interface FailureStats {
  readonly total: number;
  /** Field → value → failures; `region` is one of the fields. */
  readonly by: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly problems: readonly string[];
}

const COUNTED = { pipeline: 'pipeline', stage: 'stage', type: 'error.type', state: 'state', lane: 'lane' };

/** The newest failures of all regions. */
export async function listFailures(stores: readonly FailureStore[], filter: FailureFilter, limit: number): Promise<FailureList> {
  const { answers, problems } = await askAll(stores, (store) => store.newest(filter, limit));
  const failures = answers.flatMap(({ answer }) => answer.failures).sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, limit);
  return { total: answers.reduce((sum, { answer }) => sum + answer.total, 0), failures: failures.map(lineOf), problems };
}

/** How many failures there are, by pipeline, stage, error type, state, lane and region. */
export async function failureStats(stores: readonly FailureStore[], filter: FailureFilter): Promise<FailureStats> {
  const { answers, problems } = await askAll(stores, (store) => store.counts(filter, COUNTED));
  const by: Record<string, Record<string, number>> = {};
  for (const { region, answer } of answers) {
    for (const [field, counts] of Object.entries({ ...answer.by, region: { [region]: answer.total } })) {
      const sums = (by[field] ??= {});
      for (const [value, count] of Object.entries(counts)) sums[value] = (sums[value] ?? 0) + count;
    }
  }
  return { total: answers.reduce((sum, { answer }) => sum + answer.total, 0), by, problems };
}

/** Every copy of one failure, whole. Rejects with INPUT_INVALID where no region knows it. */
export async function showFailure(stores: readonly FailureStore[], id: string): Promise<{ region: string; index: string; id: string; source: Json }[]> {
  const { answers, problems } = await askAll(stores, (store) => store.show(id));
  const found = answers.flatMap(({ region, answer }) => answer.map((one) => ({ region, ...one })));
  if (found.length === 0) throw new SluiceError('INPUT_INVALID', [`there is no failure ${id}`, ...problems].join('; '));
  return found;
}

async function askAll<Answer>(stores: readonly FailureStore[], ask: (store: FailureStore) => Promise<Answer>): Promise<{ answers: { region: string; answer: Answer }[]; problems: string[] }> {
  const results = await Promise.allSettled(stores.map((store) => ask(store)));
  const answers: { region: string; answer: Answer }[] = [];
  const problems: string[] = [];
  results.forEach((result, at) => {
    const region = stores[at]?.region ?? '';
    if (result.status === 'fulfilled') answers.push({ region, answer: result.value });
    else if (result.reason instanceof SluiceError) problems.push(`${region}: ${messageOf(result.reason)}`);
    else throw result.reason;
  });
  return { answers, problems };
}

function lineOf({ payload: _payload, payloadEncoding: _encoding, seqNo: _seqNo, primaryTerm: _term, ...line }: Failure): FailureLine {
  return line;
}
