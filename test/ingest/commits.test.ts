import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { Commits } from '../../src/ingest/commits.ts';
import { Heads } from '../../src/ingest/heads.ts';
import { createMetrics } from '../../src/ingest/metrics.ts';
import { RegionState } from '../../src/ingest/region-state.ts';
import type { PartitionPosition, RecordConsumer, RecordLogAdmin } from '../../src/ports/record-log.ts';

const P0 = { topic: 'events', partition: 0 };

describe('the positions of regions', () => {
  let states: Map<string, RegionState>;
  let written: [string, number][];
  let fenced: boolean;
  let commits: Commits;
  beforeEach(() => {
    const heads = new Heads();
    heads.place({ ...P0, offset: 100, assignment: 1 });
    states = new Map(['west', 'east'].map((region) => [region, new RegionState(heads)]));
    for (const state of states.values()) state.assign({ ...P0, offset: 0, assignment: 1 });
    [written, fenced] = [[], false];
    const note = (group: string, positions: readonly PartitionPosition[]): void => { for (const { offset } of positions) written.push([group, offset]); };
    const consumer = { commit: async (positions: readonly PartitionPosition[]) => {
      if (fenced) throw new SluiceError('KAFKA_FENCED', 'the partition is somebody else\'s');
      note('members', positions);
    } } as unknown as RecordConsumer;
    const admin = { setCommitted: async (group: string, positions: readonly PartitionPosition[]) => note(group, positions) } as unknown as RecordLogAdmin;
    commits = new Commits({ consumer, admin, regions: states, prefix: '', log: pino({ level: 'silent' }), metrics: createMetrics(new Registry()) });
  });

  function settle(region: string, from: number, next: number): void {
    const state = states.get(region) as RegionState;
    const step = { ...P0, assignment: 1, from, next, lastTime: null };
    state.queue(step);
    state.settle(step, state.session);
  }

  it('are written with the smallest of them for the members, and only where something moved', async () => {
    settle('west', 0, 50);
    settle('east', 0, 20);
    await commits.commit();
    expect(written).toEqual([['members', 20], ['sluice.ingest.west', 50], ['sluice.ingest.east', 20]]);
    await commits.commit();
    expect(written).toHaveLength(3);
  });

  it('are not written by a member that has lost the partition, also while the smallest stands still', async () => {
    settle('west', 0, 50);
    await commits.commit();
    settle('west', 50, 60);
    fenced = true;
    await commits.commit();
    expect(written).not.toContainEqual(['sluice.ingest.west', 60]);
    fenced = false;
    await commits.commit();
    expect(written).toContainEqual(['sluice.ingest.west', 60]);
  });
});
