import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { measureLag } from '../../src/indexing/lag.ts';
import type { PartitionPosition, PartitionRange, RecordLogAdmin } from '../../src/ports/record-log.ts';

const RANGES: readonly PartitionRange[] = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition, earliest: 10, latest: 100 }));

function adminOf(committed: (() => PartitionPosition[]) | null): RecordLogAdmin {
  return {
    ranges: async () => [...RANGES],
    committed: async () => {
      if (committed === null) throw new Error('committed positions were asked for in vain');
      return committed();
    },
  } as unknown as RecordLogAdmin;
}

const measured = async (admin: RecordLogAdmin, settled: [string, number | null][]) => await measureLag(admin, 'g', ['t'], () => new Map(settled));

describe('the lag of a lane', () => {
  it('counts from what is settled, else from what was committed, else from the beginning, in the partitions that it has', async () => {
    const admin = adminOf(() => [{ topic: 't', partition: 0, offset: 20 }, { topic: 't', partition: 1, offset: 60 }]);
    expect(await measured(admin, [['t/0', 90], ['t/1', null], ['t/2', null]])).toEqual({
      partitions: 4,
      lags: [{ topic: 't', partition: 0, records: 10, end: 100 }, { topic: 't', partition: 1, records: 40, end: 100 }, { topic: 't', partition: 2, records: 90, end: 100 }],
    });
  });

  it('asks for no committed positions where something is settled in every partition', async () => {
    expect(await measured(adminOf(null), [['t/0', 100], ['t/3', 5]])).toEqual({ partitions: 4, lags: [{ topic: 't', partition: 0, records: 0, end: 100 }, { topic: 't', partition: 3, records: 90, end: 100 }] });
  });

  it('is told as unknown while the log does not answer', async () => {
    const admin = adminOf(() => { throw new SluiceError('KAFKA_UNAVAILABLE', 'nobody answers'); });
    expect(await measured(admin, [['t/0', null]])).toEqual({ error: 'nobody answers' });
  });
});
