import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { pipelines } from '../../pipelines/index.ts';
import type { AnyPipeline, Lookups } from '../../src/domain/pipeline.ts';
import { generate } from '../../src/inputs/generate/generate.ts';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { RetailFeeder } from '../../src/inputs/retail-sales/retail-feeder.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { hold, outcomeOf, ownLookups } from './apply.ts';
import type { Held } from './apply.ts';

let lookups: Lookups;
beforeAll(async () => {
  lookups = await ownLookups();
});

async function applied(pipeline: AnyPipeline, payloads: readonly Buffer[]): Promise<Map<string, Held>> {
  const index = new Map<string, Held>();
  for (const payload of payloads) {
    const outcome = await outcomeOf(pipeline, payload, lookups);
    if (outcome.kind === 'document') hold(index, outcome.id, outcome.held);
  }
  return index;
}

function sorted(index: Map<string, Held>): [string, Held][] {
  return [...index].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Some of them, in any order, any of them twice. */
function disordered<Item>(items: readonly Item[]): fc.Arbitrary<Item[]> {
  return fc.shuffledSubarray([...items, ...items], { minLength: items.length })
    .map((some) => [...some, ...items.filter((item) => !some.includes(item))]);
}

/** Lines of a small shop, so that duplicates, repeats and cancellations meet often. */
const retailLine = fc.record({
  InvoiceNo: fc.constantFrom('500001', '500002', 'C500003', 'C500004', '500005', 'A500006'),
  StockCode: fc.constantFrom('20725', '20725', '22041', 'POST', 'D'),
  Description: fc.constantFrom('LUNCH BAG', ''),
  Quantity: fc.integer({ min: 1, max: 4 }),
  UnitPrice: fc.constantFrom('1.65', '1.65', '0.0', '2.1'),
  CustomerID: fc.constantFrom('17850', '17850', ''),
  Country: fc.constant('France'),
}).map((line) => ({ ...line, Quantity: String(line.InvoiceNo.startsWith('C') ? -line.Quantity : line.Quantity) }));
const retailFile = fc.array(retailLine, { minLength: 1, maxLength: 40 }).map((lines) =>
  lines.map((line, at) => ({ ...line, InvoiceDate: new Date(Date.UTC(2011, 0, 31, 20) + at * 900_000).toISOString().replace('.000', '') })));

describe('the order in which events come, and how often, does not matter', () => {
  test.each(['sold-items', 'closed-listings'] as const)('%s', async (name) => {
    const pipeline = pipelineNamed(name);
    const reference = await readReferenceIds(OWN_REFERENCE);
    await fc.assert(fc.asyncProperty(fc.integer(), async (seed) => {
      const payloads = [...generate(reference, { seed, count: 60, pipelines: [name], corrupt: 0.1 })].map(({ payload }) => payload);
      const once = sorted(await applied(pipeline, payloads));
      await fc.assert(fc.asyncProperty(disordered(payloads), async (disorder) => {
        expect(sorted(await applied(pipeline, disorder))).toStrictEqual(once);
      }), { numRuns: 3 });
    }), { numRuns: 10 });
  });

  test('retail-sales', async () => {
    const pipeline = pipelineNamed('retail-sales');
    const withOrder = retailFile.chain((lines) => {
      const feeder = new RetailFeeder();
      const payloads = lines.map((line) => Buffer.from(JSON.stringify(feeder.feed(line).event)));
      return fc.record({ payloads: fc.constant(payloads), disorder: disordered(payloads) });
    });
    await fc.assert(fc.asyncProperty(withOrder, async ({ payloads, disorder }) => {
      expect(sorted(await applied(pipeline, disorder))).toStrictEqual(sorted(await applied(pipeline, payloads)));
    }), { numRuns: 150 });
  });

  test('an equal version never means a different document', async () => {
    const pipeline = pipelineNamed('retail-sales');
    await fc.assert(fc.asyncProperty(retailFile, async (lines) => {
      const feeder = new RetailFeeder();
      const seen = new Map<string, Held>();
      for (const line of [...lines, ...lines]) {
        const outcome = await outcomeOf(pipeline, Buffer.from(JSON.stringify(feeder.feed(line).event)), lookups);
        if (outcome.kind === 'failed') throw new Error(outcome.problem);
        const key = `${outcome.id}@${outcome.held.version}`;
        expect(outcome.held).toStrictEqual(seen.get(key) ?? outcome.held);
        seen.set(key, outcome.held);
      }
    }), { numRuns: 150 });
  });
});

function pipelineNamed(name: string): AnyPipeline {
  const pipeline = pipelines.find((one) => one.name === name);
  if (pipeline === undefined) throw new Error(`no pipeline ${name}`);
  return pipeline;
}
