import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Gate, Trouble } from './gate.ts';
import type { IndexKeeper } from './processor.ts';

/** Makes sure of indices through the gate: what stands in the way closes it, as it would for a bulk request. */
export async function ensureThrough(gate: Gate, indices: IndexKeeper, names: readonly string[], signal: AbortSignal): Promise<void> {
  for (let ready = false; !ready; ) {
    ready = await gate.through(signal, async () => {
      const trouble = await tryEnsure(indices, names);
      return { result: trouble === null, trouble };
    });
  }
}

/** Takes the indices to be gone and asks for them anew: what a held load is owed before it is sent again. */
export async function recreate(indices: IndexKeeper, names: readonly string[]): Promise<Trouble | null> {
  indices.forget(names);
  return await tryEnsure(indices, names);
}

/** One try; what stands in the way, or null. */
export async function tryEnsure(indices: IndexKeeper, names: readonly string[]): Promise<Trouble | null> {
  try {
    await indices.ensure(names);
    return null;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    if (error.code === 'ELASTICSEARCH_UNAVAILABLE') return { kind: 'retry', reason: messageOf(error) };
    if (error.code === 'ELASTICSEARCH_REFUSED') return { kind: 'hold', reason: messageOf(error) };
    throw error;
  }
}
