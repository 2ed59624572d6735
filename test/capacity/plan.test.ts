import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROCESS_BUDGET } from '../../src/capacity/limits.ts';
import { measuredOf, type MEASURED } from '../../src/capacity/measured.ts';
import { planCapacity, type Plan } from '../../src/capacity/plan.ts';
import { givenOf, workloadOf, type Figures, type GIVEN, type WORKLOAD } from '../../src/capacity/workload.ts';
import { configSchema } from '../../src/config/schema.ts';

/** Round figures, so that a person can follow. */
const FIGURES = { measuredDocumentBytes: 600, laneRate: 10_000, laneCpu: 10, laneMib: 250, indexingCpu: 100, indexBytes: 300, topicBytes: 200, ingestCpu: 100, stateBytes: 3_000, createMs: 50, fields: 40 };

function planOf(asked: Figures<typeof WORKLOAD>, given: Figures<typeof GIVEN> = {}, figures: Figures<typeof MEASURED> = {}): Plan {
  return planCapacity(workloadOf({ documentsPerDay: 8_640_000, ...asked }).workload, givenOf(given), measuredOf({ ...FIGURES, ...figures }));
}

function problems({ findings }: Plan): string[] {
  return findings.filter(({ kind }) => kind === 'problem').map(({ text }) => text);
}

describe('the rates', () => {
  it('follow from documents a day, the peak and the number of regions that send each document', () => {
    const { rates } = planOf({ peakFactor: 4, regions: 2 }).parts;
    expect([rates.average.value, rates.peak.value, rates.averageOperations.value, rates.peakOperations.value]).toEqual([100, 400, 200, 800]);
  });

  it('let an outage begin at the peak, and no day bring more than a day', () => {
    const backlog = (outageHours: number) => planOf({ peakFactor: 4, outageHours }).parts.rates.backlog.value;
    expect(backlog(1)).toBe(400 * 3_600);
    expect(backlog(12)).toBe(8_640_000);
    expect(backlog(30)).toBe(2 * 8_640_000);
    expect(backlog(0)).toBe(0);
  });

  it('catch up while the peak goes on', () => {
    expect(planOf({ peakFactor: 4, outageHours: 1, catchUpHours: 2 }).parts.rates.catchUp.value).toBe(400 + 200);
  });
});

describe('the lanes', () => {
  it('have a host to lose, and partitions that spread over the others', () => {
    const { lanes } = planOf({ peakFactor: 1, outageHours: 24, catchUpHours: 0.1, use: 0.5 }).parts;
    expect(lanes.working.value).toBe(Math.ceil(((100 + 24_000) * 1.25) / 5_000));
    expect(lanes.hosts.value).toBe(lanes.working.value + 1);
    expect(lanes.partitions.value).toBe(4 * lanes.hosts.value);
    expect(lanes.busiestRate.value).toBeLessThanOrEqual(lanes.planned.value);
  });

  it('are planned slower for larger documents, never faster for smaller ones', () => {
    const planned = (documentBytes: number) => planOf({ documentBytes }).parts.lanes.planned.value;
    expect([planned(300), planned(600), planned(1_200)]).toEqual([5_000, 5_000, 2_500]);
  });

  it('hold in memory what their configuration allows, or what was seen', () => {
    expect(PROCESS_BUDGET.value * 1024 * 1024).toBe(configSchema.shape.processor.parse({}).budgetBytes);
    expect(planOf({}).parts.memory.memory.value).toBe(288);
    expect(planOf({}, {}, { laneMib: 400 }).parts.memory.memory.value).toBe(400);
  });
});

describe('the indices', () => {
  it('are as many as periods, with shards for size, documents and rate', () => {
    const daily = planOf({ keepDays: 900, periodDays: 1 }).parts.indices;
    expect([daily.indices.value, daily.system.value, daily.shardsAnIndex.value, daily.shards.value]).toEqual([900, 150, 1, 2_100]);
    expect(planOf({ periodDays: 30, documentBytes: 6_000 }).parts.indices.shardsAnIndex.value).toBe(Math.ceil((8_640_000 * 30 * 3_000) / 1024 ** 3 / 30));
    expect(planOf({ periodDays: 30, documentsPerDay: 100_000_000, documentBytes: 1 }).parts.indices.shardsAnIndex.value).toBe(15);
    expect(planOf({ periodDays: 1, outageHours: 24, catchUpHours: 0.1, peakFactor: 1 }).parts.indices.shardsAnIndex.value).toBe(Math.ceil(48_200 / 5_000));
  });

  it('take disk for every copy', () => {
    const { indices, topics } = planOf({ keepDays: 100, replicas: 1, topicReplicas: 3, topicHours: 48 }).parts;
    expect(indices.data.value).toBeCloseTo((8_640_000 * 100 * 300 * 2) / 1024 ** 3, 6);
    expect(topics.data.value).toBeCloseTo((8_640_000 * 2 * 200 * 3) / 1024 ** 3, 6);
  });
});

describe('the rate cap', () => {
  it('lets catching up through with a margin', () => {
    const { cap, rates } = planOf({}).parts;
    expect(cap.documents.value).toBe(Math.ceil(rates.catchUpOperations.value * 1.1));
  });

  it('stays at what the indexing nodes bear, and says so', () => {
    const plan = planOf({ periodDays: 1, nodeCores: 1, indexingShare: 0.01 });
    expect(plan.parts.cap.documents.value).toBe(plan.parts.cap.bearable.value);
    expect(plan.ok).toBe(false);
    expect(problems(plan).join()).toContain('--indexing-share');
  });
});

describe('what does not suffice', () => {
  it.each([
    ['topics that forget before the lanes are level', planOf({ topicHours: 15, outageHours: 12, catchUpHours: 4 }), 'topics.retentionHours'],
    ['too few hosts', planOf({}, { hosts: 1 }), 'hosts a lane: 1 given, 2 needed'],
    ['too few nodes for the disk', planOf({ nodeDiskGib: 100, documentBytes: 6_000 }, { nodes: 3 }), 'GiB of disk'],
    ['too many shards a node', planOf({ keepDays: 3_650, periodDays: 1 }, { nodes: 3 }), 'cluster.max_shards_per_node'],
    ['fewer nodes than copies', planOf({ replicas: 2 }, { nodes: 2 }), 'copies of a shard'],
    ['a heap too small for the mapped fields', planOf({ nodeHeapGib: 1, keepDays: 900, periodDays: 1 }, { nodes: 2 }, { fields: 400 }), 'mapped fields'],
  ])('%s', (_, plan, text) => {
    expect(plan.ok).toBe(false);
    expect(problems(plan).join('\n')).toContain(text);
  });

  it('is nothing where nodes and hosts are calculated', () => {
    fc.assert(fc.property(fc.record({ documentsPerDay: fc.integer({ min: 1, max: 1_000_000_000 }), documentBytes: fc.integer({ min: 100, max: 10_000 }), keepDays: fc.integer({ min: 1, max: 1_000 }), periodDays: fc.constantFrom(1, 30), outageHours: fc.integer({ min: 0, max: 72 }) }), (asked) => {
      const plan = planOf(asked);
      expect(problems(plan).filter((text) => !text.includes('mapped fields') && !text.includes('catching up wants'))).toEqual([]);
    }));
  });
});

describe('a plan', () => {
  it('never asks for less when more comes', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), fc.integer({ min: 0, max: 1_000_000_000 }), (documentsPerDay, more) => {
      const [less, greater] = [planOf({ documentsPerDay }).parts, planOf({ documentsPerDay: documentsPerDay + more }).parts];
      for (const figure of [(each: typeof less) => each.lanes.partitions, (each: typeof less) => each.topics.disk, (each: typeof less) => each.indices.disk, (each: typeof less) => each.indices.shards, (each: typeof less) => each.nodes.nodes]) {
        expect(figure(greater).value).toBeGreaterThanOrEqual(figure(less).value);
      }
    }));
  });

  it('explains every figure, and names it once', () => {
    const plan = planOf({}, { hosts: 6, nodes: 10 });
    const lines = [...plan.inputs, ...plan.sections].flatMap((section) => section.lines);
    for (const { name, formula, value } of lines) expect(name !== '' && formula !== '' && Number.isFinite(value), name).toBe(true);
    const names = plan.sections.flatMap((section) => section.lines).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('uses only figures that it has shown before', () => {
    const plan = planOf({});
    const shown = new Set(plan.inputs.flatMap(({ lines }) => lines).map(({ name }) => name));
    const fixed = ['seconds a day', 'seconds an hour', 'bytes a GiB', 'bytes a MiB', 'days a month'];
    for (const { name, formula } of plan.sections.flatMap(({ lines }) => lines)) {
      const words = formula.split(/ [÷×+−] |, |round up \(|largest of \(|smallest of \(|[()]/).map((word) => word.trim()).filter((word) => /[a-z]/.test(word));
      for (const word of words) expect(shown.has(word) || fixed.includes(word), `${word} in ${name}`).toBe(true);
      shown.add(name);
    }
  });
});
