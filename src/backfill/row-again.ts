import { LRUCache } from 'lru-cache';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { BackfillCase, Row, Rows } from './case.ts';
import { jsonBytes, pipelineAt, pipelineOfRow } from './convert.ts';
import { keysOf } from './keys.ts';
import { groupsOf, readManifest, type Manifest } from './manifest.ts';
import { readPlan, type Plan } from './plan.ts';
import { GroupReader } from './read-group.ts';

/** Row groups and cycles remembered: failures of one row group follow each other. */
const GROUPS = 2;
const CYCLES = 16;

/** A row of an extract, as its case makes an event of it: at the cycle's own epoch, with the fields that the case adds. */
export interface RowAgain {
  readonly pipeline: AnyPipeline;
  /** Null where the case cannot make an event of the row. */
  readonly payload: Buffer | null;
}

export interface RowsAgainParts {
  readonly store: ObjectStore;
  /** Where cycles lie in the store. */
  readonly prefix: string;
  readonly caseNamed: (name: string) => BackfillCase;
  readonly pipelineOf: (one: BackfillCase) => AnyPipeline;
}

interface Cycle { readonly plan: Plan; readonly manifest: Manifest; readonly case: BackfillCase; readonly reader: GroupReader }

/** Reads rows that failed in a backfill once more, by the coordinates of their failures: file, row group, row. */
export class RowsAgain {
  readonly #parts: RowsAgainParts;
  readonly #cycles = new LRUCache<string, Promise<Cycle>>({ max: CYCLES });
  readonly #groups = new LRUCache<string, Promise<Rows>>({ max: GROUPS });

  constructor(parts: RowsAgainParts) {
    this.#parts = parts;
  }

  /** `cycle`: as its failure names it. Rejects with SluiceError: `OBJECT_STORE_*`, or `INPUT_INVALID` and `USAGE` where the extract is no longer what it was. */
  async read({ topic, partition, offset }: { readonly topic: string; readonly partition: number; readonly offset: number }, cycle: string | null): Promise<RowAgain> {
    if (cycle === null) throw new SluiceError('INPUT_INVALID', `nothing says which backfill cycle ${topic} belongs to`);
    const { plan, manifest, case: one, reader } = await remembered(this.#cycles, cycle, (name) => this.#open(name));
    const group = groupsOf(manifest).find(({ file, index }) => file.key === topic && index === partition);
    if (group === undefined) throw new SluiceError('INPUT_INVALID', `the extract of ${plan.cycle} has no row group ${partition} of ${topic} any more`);
    const row = (await remembered(this.#groups, `${topic}/${partition}`, () => reader.read(group))).at(offset);
    if (row === undefined) throw new SluiceError('INPUT_INVALID', `row group ${partition} of ${topic} has no row ${offset}`);
    return { pipeline: pipelineOfRow(pipelineAt(this.#parts.pipelineOf(one), plan.epoch), one, row), payload: eventOf(one, row) };
  }

  async #open(cycle: string): Promise<Cycle> {
    const { store, prefix, caseNamed } = this.#parts;
    const keys = keysOf(prefix, cycle);
    const [plan, manifest] = [await readPlan(store, keys, cycle), await readManifest(store, keys, cycle)];
    return { plan, manifest, case: caseNamed(plan.case), reader: new GroupReader(store, manifest.columns) };
  }
}

function remembered<Value>(cache: LRUCache<string, Promise<Value>>, key: string, make: (key: string) => Promise<Value>): Promise<Value> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  cache.set(key, made);
  made.catch(() => cache.delete(key)); // told to whoever asked; the next one tries again
  return made;
}

function eventOf(one: BackfillCase, row: Row): Buffer | null {
  try {
    return jsonBytes(one.event(row));
  } catch (error) {
    if (error instanceof Error) return null; // the row is still no event; the failure keeps its payload
    throw new SluiceError('BUG', messageOf(error));
  }
}
