import { SluiceError } from '../domain/errors.ts';
import type { ExtractEngine } from '../ports/extract-engine.ts';
import { isHidden } from '../warehouse/files.ts';
import type { BackfillCase } from './case.ts';
import { commit, madeOf, type CommitParts, type Made } from './commit.ts';
import type { CycleKeys } from './keys.ts';
import { formatOf } from './file-format.ts';
import type { Manifest } from './manifest.ts';
import type { Plan } from './plan.ts';
import { queryOf } from './query.ts';

export interface ElsewhereParts extends Omit<CommitParts, 'engine'> {
  readonly keys: CycleKeys;
  /** Names this try; data of other tries is never taken for its own. */
  readonly attempt: string;
  /** Rows of a row group in formats that have none of their own. */
  readonly groupRows: number;
  /** Largest data file that is taken, bytes: each is read once, whole, for its checksums. */
  readonly mostFileBytes: number;
  readonly engine: ExtractEngine;
}

/** Lets another engine write the rows, then looks at every file of it and commits them with a manifest, as `extract` does. */
export async function extractElsewhere(plan: Plan, one: BackfillCase, parts: ElsewhereParts, signal: AbortSignal): Promise<Manifest> {
  const { keys, attempt, engine } = parts;
  const folder = (day: string): string => keys.data(attempt, `dt=${day}/`);
  await engine.run({ sql: await queryOf(plan, one), dated: one.dated, tables: [one.dated, ...one.joined], days: plan.days.map(({ day }) => ({ day, folder: folder(day) })) }, signal);
  const made: Made[] = [];
  for (const { day } of plan.days) made.push(...(await collect(folder(day), () => day, parts, signal)));
  return await commit(plan, made, { ...parts, engine: engine.name });
}

/** Commits files that somebody else put below `prefix` for this plan: Parquet, Arrow IPC or lines of JSON, in folders `dt=yyyy-mm-dd` where they tell the day. */
export async function adopt(plan: Plan, prefix: string, parts: Omit<ElsewhereParts, 'attempt' | 'engine'>, signal: AbortSignal): Promise<Manifest> {
  return await commit(plan, await collect(prefix, (key) => /(?:^|\/)dt=(\d{4}-\d{2}-\d{2})\//.exec(key)?.[1] ?? plan.from, parts, signal), { ...parts, engine: 'adopted' });
}

async function collect(prefix: string, dayOf: (key: string) => string, { store, mostFileBytes, groupRows }: Pick<ElsewhereParts, 'store' | 'mostFileBytes' | 'groupRows'>, signal: AbortSignal): Promise<Made[]> {
  const made: Made[] = [];
  for await (const { key, size } of store.list(prefix)) {
    signal.throwIfAborted();
    if (formatOf(key) === null || key.slice(prefix.length).split('/').some(isHidden)) continue;
    if (size > mostFileBytes) throw new SluiceError('INPUT_INVALID', `${key} has ${size} bytes, more than the ${mostFileBytes} of one file: write smaller ones`);
    const fetched = await store.get(key);
    if (fetched.kind !== 'found') throw new SluiceError('INPUT_INVALID', `${key} vanished while it was looked at: extract again`);
    made.push(await madeOf(key, dayOf(key), fetched.bytes, fetched.etag, groupRows));
  }
  return made;
}
