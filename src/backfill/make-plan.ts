import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import type { Mapping } from '../setup/mapping-files.ts';
import type { WarehouseFiles } from '../warehouse/files.ts';
import { fieldsMissing, foresee, type Foresight } from './foresight.ts';
import type { CycleKeys } from './keys.ts';
import { rowsOf } from './parquet-facts.ts';
import { indicesOf, planOf, type Plan, type PlanRequest } from './plan.ts';
import { writeJson } from './stored-json.ts';

export interface PlanParts {
  readonly store: ObjectStore;
  readonly keys: CycleKeys;
  readonly files: WarehouseFiles;
  readonly regions: ReadonlyMap<string, SearchAdmin>;
  /** The newest mapping of the pipeline's indices. */
  readonly mapping: Mapping;
  /** Rows a second into each region that the time is estimated by. */
  readonly rowsPerSecond: number;
}

export interface PlanReport {
  readonly plan: Plan;
  readonly estimatedSeconds: number;
  readonly regions: readonly Foresight[];
  /** What would keep the cycle from being carried out. */
  readonly problems: readonly string[];
}

/** Plans a cycle and writes the plan, which alone changes nothing. Rejects with USAGE where there is nothing to plan. */
export async function makePlan(request: PlanRequest, parts: PlanParts): Promise<PlanReport> {
  const { case: one, from, to } = request;
  const partitions = [];
  for (const partition of await parts.files.list(one.dated)) {
    if (partition.dt >= from && partition.dt <= to) partitions.push({ ...partition, rows: await rowsOf(await parts.files.open(partition)) });
  }
  const plan = planOf(request, partitions);
  const regions = await Promise.all([...parts.regions].map(([name, cluster]) => foresee(name, cluster, indicesOf(plan), parts.mapping.version)));
  const missing = fieldsMissing(parts.mapping.mappings, one.newFields ?? []).map((field) => `the newest mapping (v${parts.mapping.version}) has no field ${field}: add it in a new version first`);
  const written = await writeJson(parts.store, parts.keys.plan, plan, { kind: 'absent' });
  if (written.kind === 'conflict') throw new SluiceError('USAGE', `there is a cycle ${plan.cycle} already`);
  return { plan, regions, estimatedSeconds: Math.ceil(plan.rows / parts.rowsPerSecond), problems: [...missing, ...regions.flatMap(problemsOf)] };
}

function problemsOf({ region, problem, privileges }: Foresight): string[] {
  return [
    ...(problem === null ? [] : [`${region}: ${problem}`]),
    ...(Array.isArray(privileges) ? privileges.map((privilege) => `${region}: the privilege ${privilege} is missing`) : []),
  ];
}
