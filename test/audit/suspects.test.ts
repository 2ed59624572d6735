import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentBytes } from '../../src/domain/fingerprint.ts';
import { suspectsOf, type Depth } from '../../src/audit/suspects.ts';
import { copyOf, MemoryLook, type Region } from './memory-look.ts';

const ORIGIN = { role: 'primary', code: 'c', host_group: 'g' };

function printed(id: string, version: number, body: object, deleted = false) {
  return copyOf(version, { ...JSON.parse(documentBytes(JSON.stringify(body), { id, version, deleted }).toString()) as object, origin: ORIGIN });
}

async function suspects(left: Region, right: Region, depth: Depth = 'fingerprints'): Promise<string[]> {
  const found = new Set<string>();
  for await (const ids of suspectsOf(new MemoryLook(left), new MemoryLook(right), depth)) for (const id of ids) found.add(id);
  return [...found].sort();
}

/** Documents of which some are only left, only right, or other on the right. */
const world = fc.array(fc.constantFrom('same', 'same', 'same', 'left', 'right', 'older', 'content'), { maxLength: 60 })
  .chain((kinds) => fc.integer({ min: 0, max: 5_000 }).map((alike) => [...kinds, ...new Array<'same'>(alike).fill('same')]));

function regionsOf(kinds: readonly string[]): { left: Region; right: Region; differing: string[] } {
  const [left, right, differing]: [Region, Region, string[]] = [new Map(), new Map(), []];
  kinds.forEach((kind, at) => {
    const id = `id-${at}`;
    if (kind !== 'right') left.set(id, printed(id, 10, { at }));
    if (kind !== 'left') right.set(id, printed(id, kind === 'older' ? 9 : 10, { at, ...(kind === 'content' ? { more: 1 } : {}) }));
    if (kind !== 'same') differing.push(id);
  });
  return { left, right, differing: differing.sort() };
}

describe('narrowing down', { timeout: 300_000 }, () => {
  it('finds exactly the documents that differ, in small and large indices', async () => {
    await fc.assert(fc.asyncProperty(world, async (kinds) => {
      const { left, right, differing } = regionsOf(kinds);
      expect(await suspects(left, right)).toEqual(differing);
      expect(await suspects(right, left)).toEqual(differing);
      expect(await suspects(left, right, 'contents')).toEqual(differing);
    }), { numRuns: 20 });
  });

  it('asks for little where little differs, and for nothing but sums where nothing does', async () => {
    const { left, right } = regionsOf([...new Array<string>(60_000).fill('same'), 'left', 'older']);
    const looks = [new MemoryLook(left), new MemoryLook(right)] as const;
    for await (const _ of suspectsOf(...looks, 'fingerprints')) { /* only counted */ }
    expect(looks[0].handed).toBeLessThan(4_096 + 200);
    const alike = [new MemoryLook(left), new MemoryLook(left)] as const;
    for await (const _ of suspectsOf(...alike, 'fingerprints')) throw new Error('nothing differs');
    expect(alike[0].handed).toBe(0);
  });

  it('ends where everything differs, without dividing for ever', async () => {
    const { left, differing } = regionsOf(new Array<string>(30_000).fill('left'));
    expect(await suspects(left, new Map())).toEqual(differing);
    const older = new Map([...left.keys()].map((id, at) => [id, printed(id, 9, { at })]));
    expect(await suspects(left, older)).toEqual(differing);
  });

  it('reads documents without a fingerprint one by one', async () => {
    const { left, right, differing } = regionsOf(['same', 'left', 'older', ...new Array<string>(3_000).fill('same')]);
    for (const region of [left, right]) {
      region.set('old-same', copyOf(5, { a: 1, deleted: false, origin: ORIGIN }));
      region.set('old-other', copyOf(5, { a: region === left ? 1 : 2, deleted: false, origin: ORIGIN }));
    }
    expect(await suspects(left, right)).toEqual([...differing, 'old-other'].sort());
  });
});
