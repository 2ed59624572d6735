import { generate } from '../inputs/generate/generate.ts';
import { readReferenceIds } from '../inputs/generate/reference.ts';
import type { InputRecord } from '../inputs/record.ts';
import { readRecords } from '../inputs/replay/read-records.ts';
import { OWN_REFERENCE } from '../lookups/lookups.ts';
import { expectedGenerated } from '../proof/expected-generated.ts';
import { expectedRetailSales } from '../proof/expected-retail-sales.ts';
import type { ExpectedDocuments } from '../proof/expected.ts';
import type { DemoOptions } from './options.ts';

/** What must have become of the events. */
export interface Expectation {
  readonly documents: readonly ExpectedDocuments[];
  /** Records that must end in the failure index. */
  readonly failures: number;
  close(): void;
}

/** The events of a run. */
export interface DemoEvents {
  /** What is sent before the proof. */
  readonly first: AsyncIterable<InputRecord>;
  /** What goes on being sent afterwards; nothing where a file has come to its end. */
  readonly further: AsyncIterable<InputRecord>;
  /** Worked out without the pipeline's code, for what was taken from `first`. */
  expectation(): Promise<Expectation>;
}

/** The file's records, or generated ones. */
export async function demoEvents(options: DemoOptions): Promise<DemoEvents> {
  return options.input === null ? generated(options) : replayed(options.input, options.pipeline ?? '');
}

async function generated(options: DemoOptions): Promise<DemoEvents> {
  const story = { seed: options.seed, corrupt: options.corrupt };
  const records = generate(await readReferenceIds(OWN_REFERENCE), story);
  const count = options.events ?? Number.POSITIVE_INFINITY;
  return {
    first: taken(records, count),
    further: taken(records, Number.POSITIVE_INFINITY),
    expectation: async () => {
      const { documents, failures } = await expectedGenerated(OWN_REFERENCE, { ...story, count });
      return { documents, failures: failures.length, close: () => undefined };
    },
  };
}

function replayed(input: string, pipeline: string): DemoEvents {
  return {
    first: readRecords({ pipeline, paths: [input], stdin: process.stdin }),
    further: taken([][Symbol.iterator](), 0),
    expectation: async () => {
      const expected = await expectedRetailSales([input]);
      return { documents: [expected], failures: expected.refused, close: () => expected.close() };
    },
  };
}

/** Up to `count` records; the rest stays with the iterator, which is not closed. */
async function* taken<Item>(records: Iterator<Item>, count: number): AsyncGenerator<Item, void, undefined> {
  for (let at = 0; at < count; at += 1) {
    const next = records.next();
    if (next.done === true) return;
    yield next.value;
  }
}
