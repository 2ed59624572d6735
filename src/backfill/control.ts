import { z } from 'zod';
import type { ObjectStore } from '../ports/object-store.ts';
import type { CycleKeys } from './keys.ts';
import { readJson, writeJson } from './stored-json.ts';

/** What the operator wants of a cycle; loaders look at it again and again. */
const controlSchema = z.strictObject({ state: z.enum(['running', 'paused', 'cancelled']), by: z.string(), at: z.iso.datetime() });
export type Control = z.output<typeof controlSchema>;

export async function readControl(store: ObjectStore, keys: CycleKeys): Promise<Control['state']> {
  return (await readJson(store, keys.control, controlSchema))?.value.state ?? 'running';
}

export async function writeControl(store: ObjectStore, keys: CycleKeys, control: Control): Promise<void> {
  await writeJson(store, keys.control, control);
}
