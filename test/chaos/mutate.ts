import { registerHooks } from 'node:module';
import { MUTATION_ENV, mutated, mutationNamed, urlOf } from './mutations.ts';

// Loaded before a Sluice process by `--import`: changes the text of one module as it is loaded, and nothing on disk.
const mutation = mutationNamed(process.env[MUTATION_ENV] ?? '');
const url = urlOf(mutation);

registerHooks({
  load(loaded, context, nextLoad) {
    const result = nextLoad(loaded, context);
    if (loaded !== url) return result;
    const source = typeof result.source === 'string' ? result.source : Buffer.from(result.source as Uint8Array).toString('utf8');
    return { ...result, source: mutated(mutation, source) };
  },
});
