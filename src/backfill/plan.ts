import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SluiceError } from '../domain/errors.ts';
import { indexNameOf } from '../domain/index-name.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { EPOCHS } from '../domain/version.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition } from '../warehouse/files.ts';
import type { BackfillCase } from './case.ts';
import type { CycleKeys } from './keys.ts';
import { readJson } from './stored-json.ts';

const count = z.int().nonnegative();

/** What a cycle will do, as it was decided: nothing later looks at the clock or at newer days. */
export const planSchema = z.strictObject({
  format: z.literal(1),
  cycle: z.string().min(1),
  case: z.string().min(1),
  pipeline: z.string().min(1),
  plannedAt: z.iso.datetime(),
  code: z.string(),
  from: z.iso.date(),
  to: z.iso.date(),
  /** Condition on the extract's columns; null for all rows. */
  where: z.string().nullable(),
  /** Epoch of the written versions; null where the pipeline switched epochs off. */
  epoch: z.int().nonnegative().max(EPOCHS - 1).nullable(),
  days: z.array(z.strictObject({ day: z.iso.date(), files: count, rows: count, bytes: count, index: z.string() })),
  rows: count,
  bytes: count,
});
export type Plan = z.output<typeof planSchema>;

export interface PlanRequest {
  readonly cycle: string;
  readonly case: BackfillCase;
  readonly pipeline: AnyPipeline;
  /** First and last day, both included. */
  readonly from: string;
  readonly to: string;
  readonly where: string | null;
  /** How far the epoch is above the pipeline's; the case's own figure where absent. */
  readonly raiseEpoch?: number | undefined;
  readonly prefix: string;
  readonly plannedAt: number;
  readonly code: string;
}

/** The plan for these partitions of the dated table; throws USAGE where it cannot be carried out. */
export function planOf(request: PlanRequest, partitions: readonly (Partition & { readonly rows: number })[]): Plan {
  const { cycle, case: one, pipeline, from, to, where, prefix, plannedAt, code } = request;
  const days = new Map<string, Plan['days'][number]>();
  for (const { dt, rows, bytes } of partitions) {
    if (dt < from || dt > to) continue;
    const known = days.get(dt) ?? { day: dt, files: 0, rows: 0, bytes: 0, index: indexNameOf(`${prefix}${pipeline.name}`, pipeline.index.period, Date.parse(dt)) };
    days.set(dt, { ...known, files: known.files + 1, rows: known.rows + rows, bytes: known.bytes + bytes });
  }
  const all = [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  if (all.length === 0) throw new SluiceError('USAGE', `the warehouse has no ${one.dated} from ${from} to ${to}`);
  const sum = (value: (day: Plan['days'][number]) => number): number => all.reduce((total, day) => total + value(day), 0);
  return {
    format: 1, cycle, case: one.name, pipeline: pipeline.name, plannedAt: new Date(plannedAt).toISOString(), code, from, to, where,
    epoch: epochOf(one, pipeline, request.raiseEpoch ?? one.raiseEpoch), days: all, rows: sum((day) => day.rows), bytes: sum((day) => day.bytes),
  };
}

function epochOf({ name }: BackfillCase, pipeline: AnyPipeline, raise: number): number | null {
  if (pipeline.epoch === 'off') {
    if (raise === 0) return null;
    throw new SluiceError('USAGE', `${name} raises the epoch, which pipeline ${pipeline.name} has switched off`);
  }
  const epoch = pipeline.epoch + raise;
  if (epoch >= EPOCHS) throw new SluiceError('USAGE', `${name} would need epoch ${epoch}, the last one is ${EPOCHS - 1}`);
  return epoch;
}

/** The indices that the plan writes to. */
export function indicesOf(plan: Plan): string[] {
  return [...new Set(plan.days.map(({ index }) => index))];
}

/** Names a plan by its content. */
export function planDigest(plan: Plan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}

/** The plan of a cycle; rejects with USAGE where there is none. */
export async function readPlan(store: ObjectStore, keys: CycleKeys, cycle: string): Promise<Plan> {
  const found = await readJson(store, keys.plan, planSchema);
  if (found === null) throw new SluiceError('USAGE', `there is no cycle ${cycle}: sluice backfill list shows those that there are`);
  return found.value;
}
