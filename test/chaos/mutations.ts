import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { SluiceError } from '../../src/domain/errors.ts';

/** A wrong change of the product: the oracle must find each of them out. */
export interface Mutation {
  readonly name: string;
  readonly what: string;
  /** Relative to the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Kinds of faults under which it shows; a run of it needs no others. */
  readonly faults: readonly string[];
}

/** Environment variable that tells the hook which mutation to make. */
export const MUTATION_ENV = 'SLUICE_CHAOS_MUTATION';
const ROOT = join(import.meta.dirname, '../..');

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'commit-before-settle', what: 'offsets move when a batch is sent, not when it is settled',
    file: 'src/indexing/works.ts',
    from: '    await this.#slots.take(this.#abort.signal);\n',
    to: '    await this.#slots.take(this.#abort.signal);\n    for (const ticket of batch.tickets) this.#settlement.settle(ticket);\n',
    faults: ['crash-in-outage', 'answers-slow', 'kill-processor'],
  },
  {
    name: 'conflicts-rejected', what: 'a document that met a newer version counts as a failure',
    file: 'src/domain/outcome.ts',
    from: "{ answer: '409 version_conflict_engine_exception', outcome: 'superseded'",
    to: "{ answer: '409 version_conflict_engine_exception', outcome: 'rejected'",
    faults: ['kill-processor'],
  },
  {
    name: 'conflicts-retried', what: 'a document that met a newer version is sent again for ever',
    file: 'src/domain/outcome.ts',
    from: "{ answer: '409 version_conflict_engine_exception', outcome: 'superseded'",
    to: "{ answer: '409 version_conflict_engine_exception', outcome: 'retry'",
    faults: ['kill-processor'],
  },
  {
    name: 'shared-position', what: 'a restart begins for both regions where the further one stood',
    file: 'src/ingest/positions.ts',
    from: 'offset === null || offset > latest ? earliest : offset]));\n',
    to: 'offset === null || offset > latest ? earliest : offset]));\n  for (const region of regions.keys()) regions.set(region, Math.max(...regions.values()));\n',
    faults: ['ingest-crash-in-cut'],
  },
  {
    name: 'no-tombstones', what: 'what is removed at the source is deleted, not kept as a tombstone',
    file: 'src/ingest/document.ts',
    from: "operation: 'index', schema: pipeline.schema",
    to: "operation: document.deleted ? 'delete' : 'index', schema: pipeline.schema",
    faults: ['kill-processor'],
  },
];

export function mutationNamed(name: string): Mutation {
  const mutation = MUTATIONS.find((candidate) => candidate.name === name);
  if (mutation === undefined) throw new SluiceError('USAGE', `there is no mutation ${name}; there are ${MUTATIONS.map((candidate) => candidate.name).join(', ')}`);
  return mutation;
}

export function urlOf({ file }: Mutation): string {
  return pathToFileURL(join(ROOT, file)).href;
}

/** The source with the change made; throws where it does not stand there exactly once, since nothing would be proven then. */
export function mutated({ name, file, from, to }: Mutation, source: string): string {
  const parts = source.split(from);
  if (parts.length !== 2) throw new SluiceError('BUG', `mutation ${name}: ${file} holds the text to change ${parts.length - 1} times, expected once: ${JSON.stringify(from)}`);
  return parts.join(to);
}

/** How the processes of a run are started so that they are mutated; throws where the mutation does not fit the source any more. */
export function mutationOptions(name: string | null): { nodeOptions: string[]; env: Record<string, string> } {
  if (name === null) return { nodeOptions: [], env: {} };
  const mutation = mutationNamed(name);
  mutated(mutation, readFileSync(fileURLToPath(urlOf(mutation)), 'utf8'));
  return { nodeOptions: ['--import', new URL('./mutate.ts', import.meta.url).href], env: { [MUTATION_ENV]: name } };
}
