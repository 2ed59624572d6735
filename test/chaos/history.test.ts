import { describe, expect, test } from 'vitest';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { DIRECT_POISONS } from './direct-story.ts';
import { historyOf, type Sending } from './history.ts';
import { expectedDocuments } from './model.ts';

const reference = await readReferenceIds(OWN_REFERENCE);
const REGIONS = ['west', 'east'];

function sendings(seed: number, count: number): Sending[] {
  return [...historyOf(reference, { seed, count, regions: REGIONS })];
}

describe('the history', () => {
  const history = sendings(5, 18_000);

  test('a seed gives it again, byte for byte', () => {
    expect(sendings(5, 500)).toEqual(sendings(5, 500));
    expect(sendings(5, 500)).not.toEqual(sendings(6, 500));
  });

  test('five minutes of it hold updates, removals, repeats, older versions after newer ones, and every kind of poison', () => {
    const newest = new Map<string, number>();
    const seen = { updates: 0, removals: 0, repeats: 0, late: 0 };
    for (const sending of history) {
      const made = sending.kind === 'direct' ? sending.document : sending.generated?.truth;
      if (made === null || made === undefined) continue;
      const known = newest.get(made.id) ?? -1;
      if (known >= 0 && made.version > known) seen.updates += 1;
      if (made.version === known) seen.repeats += 1;
      if (made.version < known) seen.late += 1;
      if ('event' in made ? made.event['deleted'] === true : made.source['deleted'] === true) seen.removals += 1;
      newest.set(made.id, Math.max(known, made.version));
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
    expect(new Set(history.flatMap((sending) => (sending.kind === 'direct' && sending.poison !== null ? [sending.poison] : [])))).toEqual(new Set(DIRECT_POISONS));
    expect(history.some(({ kind, value }) => kind === 'source' && value === null)).toBe(true);
  });

  test('an older state of something removed comes after its removal', () => {
    const removed = new Set<string>();
    let echoes = 0;
    for (const sending of history) {
      const truth = sending.kind === 'source' ? sending.generated?.truth : undefined;
      if (truth === undefined) continue;
      if (truth.event['deleted'] === true) removed.add(truth.id);
      else if (removed.has(truth.id)) echoes += 1;
    }
    expect(echoes).toBeGreaterThan(20);
  });

  test('the model knows the newest version of everything, whatever the order', async () => {
    const [forward, backward] = [await expectedDocuments(OWN_REFERENCE, history), await expectedDocuments(OWN_REFERENCE, [...history].reverse())];
    expect(forward.size).toBeGreaterThan(1_000);
    expect([...forward.values()].some(({ deleted }) => deleted)).toBe(true);
    expect(new Map([...backward].sort())).toEqual(new Map([...forward].sort()));
  });
});
