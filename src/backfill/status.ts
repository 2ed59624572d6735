import type { ObjectStore } from '../ports/object-store.ts';
import { readControl, type Control } from './control.ts';
import { groupOf, type CycleKeys } from './keys.ts';
import { groupsOf, manifestSchema } from './manifest.ts';
import { planSchema } from './plan.ts';
import { readJson } from './stored-json.ts';

/** How far one region is. */
export interface RegionProgress {
  readonly rowGroups: number;
  readonly done: number;
  readonly rows: number;
  readonly doneRows: number;
  /** Row groups that are leased: being loaded, or left by a worker that died. */
  readonly leased: number;
}

export interface CycleStatus {
  readonly cycle: string;
  readonly case: string;
  readonly from: string;
  readonly to: string;
  /** `planned`: no finished extract. `loaded`: every region has every row group. */
  readonly state: 'planned' | 'extracted' | 'loading' | 'loaded' | Exclude<Control['state'], 'running'>;
  readonly rows: number;
  readonly regions: Readonly<Record<string, RegionProgress>>;
}

/** Where a cycle stands, from the object store alone; null where there is none. */
export async function cycleStatus(store: ObjectStore, keys: CycleKeys, regions: readonly string[]): Promise<CycleStatus | null> {
  const plan = await readJson(store, keys.plan, planSchema);
  if (plan === null) return null;
  const { cycle, case: name, from, to, rows } = plan.value;
  const facts = { cycle, case: name, from, to };
  const manifest = await readJson(store, keys.manifest, manifestSchema);
  const control = await readControl(store, keys);
  if (manifest === null) return { ...facts, rows, state: control === 'running' ? 'planned' : control, regions: {} };
  const groups = groupsOf(manifest.value);
  const progress = Object.fromEntries(await Promise.all(regions.map(async (region) => [region, await progressOf(store, keys, region, groups)] as const)));
  return { ...facts, rows: manifest.value.rows, state: stateOf(control, Object.values(progress)), regions: progress };
}

async function progressOf(store: ObjectStore, keys: CycleKeys, region: string, groups: readonly { number: number; rows: number }[]): Promise<RegionProgress> {
  const done = new Set<number>();
  for await (const { key } of store.list(keys.dones(region))) done.add(groupOf(key));
  let leased = 0;
  for await (const { key } of store.list(keys.leases(region))) if (!done.has(groupOf(key))) leased += 1;
  const sum = (counted: readonly { rows: number }[]): number => counted.reduce((total, { rows }) => total + rows, 0);
  return { rowGroups: groups.length, done: done.size, rows: sum(groups), doneRows: sum(groups.filter(({ number }) => done.has(number))), leased };
}

function stateOf(control: Control['state'], regions: readonly RegionProgress[]): CycleStatus['state'] {
  if (regions.every(({ done, rowGroups }) => done === rowGroups)) return 'loaded';
  if (control !== 'running') return control;
  return regions.some(({ done, leased }) => done + leased > 0) ? 'loading' : 'extracted';
}

/** The names of all cycles, in order. */
export async function cyclesIn(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of store.list(prefix)) {
    const [cycle, file] = key.slice(prefix.length).split('/');
    if (cycle !== undefined && file === 'plan.json') names.push(cycle);
  }
  return names;
}
