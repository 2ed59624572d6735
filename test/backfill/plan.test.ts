import { describe, expect, it } from 'vitest';
import { cents, millis } from '../../backfill/row.ts';
import { cases } from '../../backfill/index.ts';
import { pipelines } from '../../pipelines/index.ts';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import { fieldsMissing } from '../../src/backfill/foresight.ts';
import { cycleId, isCycleId } from '../../src/backfill/keys.ts';
import { planOf, planSchema } from '../../src/backfill/plan.ts';
import { readMapping } from '../../src/setup/mapping-files.ts';

const [missed] = cases;
if (missed === undefined) throw new Error('there are no cases');
const REQUEST = { cycle: 'c', case: missed, pipeline: soldItems, from: '2026-11-02', to: '2026-11-03', where: null, prefix: 'p.', plannedAt: 0, code: 'test' };
const partition = (dt: string, rows = 10) => ({ dt, path: `${dt}/x.parquet`, bytes: 100, rows });

describe('a plan', () => {
  it('takes the days asked for, both ends included, and names their indices', () => {
    const plan = planOf(REQUEST, ['2026-11-01', '2026-11-02', '2026-11-02', '2026-11-03', '2026-11-04'].map((dt) => partition(dt)));
    expect(plan).toMatchObject({ rows: 30, bytes: 300, epoch: 0, days: [{ day: '2026-11-02', files: 2, rows: 20, index: 'p.sold-items-2026.11.02' }, { day: '2026-11-03', files: 1 }] });
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('is refused where the warehouse has none of the days', () => {
    expect(() => planOf(REQUEST, [partition('2026-11-04')])).toThrow(/no sold_items from 2026-11-02 to 2026-11-03/);
  });

  it('raises the epoch by what the case says, within its bounds', () => {
    const raised = { ...REQUEST, case: { ...REQUEST.case, raiseEpoch: 1 } };
    expect(planOf(raised, [partition('2026-11-02')]).epoch).toBe(1);
    expect(() => planOf({ ...raised, pipeline: { ...soldItems, epoch: 1_023 } }, [partition('2026-11-02')])).toThrow(/epoch 1024/);
    expect(() => planOf({ ...raised, pipeline: { ...soldItems, epoch: 'off' } }, [partition('2026-11-02')])).toThrow(/switched off/);
  });

  it('has a name that sorts by case and time', () => {
    expect(cycleId('missed-events', Date.UTC(2026, 10, 9, 8), '3f2a9c')).toBe('missed-events-20261109t080000-3f2a9c');
    expect(isCycleId('missed-events-20261109t080000-3f2a9c')).toBe(true);
    expect(isCycleId('../other')).toBe(false);
  });
});

describe('the cases', () => {
  it.each(cases)('$name writes to a pipeline that there is, fields that its mapping has', async ({ pipeline, newFields = [] }) => {
    const target = pipelines.find(({ name }) => name === pipeline);
    expect(target).toBeDefined();
    expect(fieldsMissing((await readMapping(target?.index.mapping ?? '')).mappings, newFields)).toEqual([]);
  });

  it('finds fields that a mapping lacks, also inside objects', () => {
    expect(fieldsMissing({ properties: { seller: { properties: { id: {} } } } }, ['seller.id', 'seller.tier', 'colour'])).toEqual(['seller.tier', 'colour']);
  });
});

describe('values of rows', () => {
  it('become hundredths without a detour through doubles', () => {
    expect([cents('534.56'), cents('0.1'), cents('-3'), cents('-0.5'), cents('12.3400'), cents(null), cents('9999999.99')]).toEqual([53_456, 10, -300, -50, 1_234, null, 999_999_999]);
    expect(() => cents('1.005')).toThrow(/hundredths/);
  });

  it('become milliseconds, the earlier one where there are microseconds between', () => {
    expect([millis(1_793_577_600_123_456n), millis(-1n), millis(-1_000n), millis(null)]).toEqual([1_793_577_600_123, -1, -1, null]);
  });
});
