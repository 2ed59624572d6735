import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { pipelines } from '../../../pipelines/index.ts';
import { generate } from '../../../src/inputs/generate/generate.ts';
import type { GenerateOptions, GeneratedRecord } from '../../../src/inputs/generate/generate.ts';
import { stageOf } from '../../../src/inputs/generate/corrupt.ts';
import { Pending } from '../../../src/inputs/generate/pending.ts';
import { readReferenceIds } from '../../../src/inputs/generate/reference.ts';
import type { ReferenceIds } from '../../../src/inputs/generate/reference.ts';
import { activityAt } from '../../../src/inputs/generate/rhythm.ts';
import type { Lookups } from '../../../src/domain/pipeline.ts';
import { OWN_REFERENCE } from '../../../src/lookups/lookups.ts';
import { hold, outcomeOf, ownLookups } from '../../pipelines/apply.ts';
import type { Held } from '../../pipelines/apply.ts';
import { expectedOfRecords } from '../../../src/proof/expected-generated.ts';
import { indexNameOf } from '../../../src/domain/index-name.ts';

let reference: ReferenceIds;
let lookups: Lookups;
beforeAll(async () => {
  reference = await readReferenceIds(OWN_REFERENCE);
  lookups = await ownLookups();
});

function records(options: Partial<GenerateOptions> & { count: number }): GeneratedRecord[] {
  return [...generate(reference, { seed: 3, ...options })];
}

test('the same seed gives the same bytes, another seed others', () => {
  const bytes = (seed: number): string => records({ seed, count: 400, corrupt: 0.1 }).map(({ key, payload, timestamp }) => `${key.toString()} ${timestamp} ${payload.toString('hex')}`).join('\n');
  expect(bytes(5)).toBe(bytes(5));
  expect(bytes(5)).not.toBe(bytes(6));
});

test('a longer run begins as a shorter one', () => {
  expect(records({ count: 500 }).slice(0, 200)).toStrictEqual(records({ count: 200 }));
});

test('records come in order of time, updates of one document not always', () => {
  const all = records({ count: 8_000 });
  expect(all.every((record, at) => at === 0 || record.timestamp >= (all[at - 1]?.timestamp ?? 0))).toBe(true);
  const latest = new Map<string, number>();
  const overtaken = all.filter(({ truth }) => {
    const before = latest.get(truth.id) ?? -1;
    latest.set(truth.id, Math.max(before, truth.version));
    return truth.version < before;
  });
  expect(overtaken.length).toBeGreaterThan(20);
});

test('some records come twice, some documents are removed, all states are met', () => {
  const all = records({ count: 8_000 });
  const versions = new Set(all.map(({ truth }) => `${truth.id}@${truth.version}`));
  expect(all.length - versions.size).toBeGreaterThan(80);
  const states = new Set(all.map(({ truth }) => truth.event['status'] ?? (truth.event['deleted'] === true ? 'removed' : 'closed')));
  expect([...states].sort()).toStrictEqual(['cancelled', 'closed', 'paid', 'refunded', 'removed', 'shipped', 'sold']);
});

test('the same version is always the same state', () => {
  const states = new Map<string, string>();
  for (const { truth, pipeline } of records({ count: 8_000 })) {
    const key = `${pipeline} ${truth.id}@${truth.version}`;
    const state = JSON.stringify(truth.event);
    expect(states.get(key) ?? state).toBe(state);
    states.set(key, state);
  }
});

test('the share of spoiled payloads is the one asked for, and each is found out at its stage', async () => {
  const all = records({ count: 4_000, corrupt: 0.25 });
  const spoiled = all.filter(({ truth }) => truth.corruption !== null);
  expect(spoiled.length / all.length).toBeCloseTo(0.25, 1);
  for (const { pipeline, payload, truth } of all) {
    const outcome = await outcomeOf(pipelineNamed(pipeline), payload, lookups);
    const stage = truth.corruption === null ? null : stageOf(truth.corruption);
    expect(outcome.kind === 'failed' ? outcome.stage : null, `${String(truth.corruption)} ${payload.toString()}`).toBe(stage);
  }
});

test('what is pending stays bounded', () => {
  const all = records({ count: 3_000, maxPending: 10, perDay: 1e6 });
  expect(all.length).toBe(3_000);
});

test('evenings and Sundays are busier than nights and Wednesdays', () => {
  const sunday = Date.UTC(2026, 10, 1);
  expect(activityAt(sunday + 20 * 3_600_000)).toBeGreaterThan(activityAt(sunday + 3 * 3_600_000));
  expect(activityAt(sunday)).toBeGreaterThan(activityAt(sunday + 3 * 86_400_000));
});

test('dearer goods cost more: prices go by category', () => {
  const sales = records({ count: 8_000, pipelines: ['sold-items'] }).map(({ truth }) => truth.event);
  const median = (name: string): number => {
    const ids = reference.categories.filter((category) => category.path.includes(name)).map(({ id }) => id);
    const prices = sales.filter((event) => ids.includes(String(event['categoryId']))).map((event) => Number(event['priceCents'])).sort((a, b) => a - b);
    return prices[Math.floor(prices.length / 2)] ?? NaN;
  };
  expect(median('Laptops')).toBeGreaterThan(3 * median('Trading Cards'));
});

describe('what the model expects is what the pipelines make', () => {
  test.each([1, 2, 3])('seed %i', async (seed) => {
    const all = records({ seed, count: 3_000, corrupt: 0.05, late: 0.2, duplicates: 0.1 });
    const index = new Map<string, Held>();
    let failures = 0;
    for (const record of all) {
      const outcome = await outcomeOf(pipelineNamed(record.pipeline), record.payload, lookups);
      if (outcome.kind === 'failed') failures += 1;
      else hold(index, outcome.id, outcome.held);
    }
    const expected = await expectedOfRecords(OWN_REFERENCE, all);
    expect(expected.failures.length).toBe(failures);
    const documents = new Map<string, Held>();
    for (const set of expected.documents) {
      for (const period of set.periods) {
        for await (const { id, version, source } of set.documents(period)) documents.set(id, { index: `${set.pipeline}-${period}`, version, source });
      }
    }
    expect(documents.size).toBe(index.size);
    for (const [id, held] of index) expect(documents.get(id), id).toStrictEqual(held);
    expect(indexNameOf('sold-items', 'day', all[0]?.timestamp ?? 0)).toBe('sold-items-2026.11.02');
  });
});

test('what is due earliest comes first, equals in their order', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (dues) => {
    const pending = new Pending();
    const items = dues.map((due, order) => ({ due, order }));
    items.forEach((item) => pending.push(item));
    const popped = items.map(() => pending.pop());
    expect(popped).toStrictEqual(items.toSorted((a, b) => a.due - b.due || a.order - b.order));
    expect(pending.pop()).toBeUndefined();
  }));
});

function pipelineNamed(name: string) {
  const pipeline = pipelines.find((one) => one.name === name);
  if (pipeline === undefined) throw new Error(`no pipeline ${name}`);
  return pipeline;
}
