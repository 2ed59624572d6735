import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SharedBlocks } from '../../src/backfill/load.ts';
import type { Group } from '../../src/backfill/manifest.ts';
import { RowBlock } from '../../src/backfill/row-block.ts';

/** How many do the same at once, and how many did at most. */
class Crowd {
  most = 0;
  #now = 0;

  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    return await work().finally(() => { this.#now -= 1; });
  }
}

function groupNumbered(number: number): Group {
  return { number, index: number, rows: 1, file: { key: 'a.parquet' } } as Group;
}

it('row groups are fetched side by side and converted one after the other: decoded columns are what takes the memory', async () => {
  const [fetching, converting] = [new Crowd(), new Crowd()];
  const reader = { fetch: () => fetching.during(async () => { await turn(); return { rows: async () => [] }; }) };
  const blocks = new SharedBlocks(3, reader, (_rows, group) => converting.during(async () => { await turn(); return new RowBlock(group.file.key, group.index, 1); }));
  const read = await Promise.all(Array.from({ length: 6 }, (_, number) => blocks.read(groupNumbered(number))));
  expect(read.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5]);
  expect([fetching.most, converting.most]).toEqual([3, 1]);
});

it('regions that keep step have a row group fetched once; one that failed is tried again by the next that asks', async () => {
  let fetches = 0;
  const reader = {
    fetch: async () => {
      fetches += 1;
      if (fetches === 1) throw new Error('the store is away');
      return { rows: async () => [] };
    },
  };
  const blocks = new SharedBlocks(1, reader, async (_rows, group) => new RowBlock(group.file.key, group.index, 1));
  await expect(Promise.all([blocks.read(groupNumbered(0)), blocks.read(groupNumbered(0))])).rejects.toThrow('away');
  await Promise.all([blocks.read(groupNumbered(0)), blocks.read(groupNumbered(0))]);
  expect(fetches).toBe(2);
});
