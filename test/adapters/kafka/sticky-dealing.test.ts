import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealPartitions, decodeClaim, encodeClaim, type Claim, type Dealing } from '../../../src/adapters/kafka/platformatic/sticky-dealing.ts';

const TOPICS = new Map([['documents.sold-items', 24], ['documents.failures', 24]]);

function claimsOf(dealing: Dealing, generation: number): Map<string, Claim> {
  return new Map([...dealing].map(([member, topics]) => [member, { generation, owned: Object.fromEntries(topics) }]));
}

function owners(dealing: Dealing): Map<string, string> {
  return new Map([...dealing].flatMap(([member, topics]) => [...topics].flatMap(([topic, partitions]) => partitions.map((partition) => [`${topic}/${partition}`, member] as const))));
}

function moved(before: Dealing, after: Dealing): number {
  const [had, has] = [owners(before), owners(after)];
  return [...had].filter(([partition, member]) => after.has(member) && has.get(partition) !== member).length;
}

function team(count: number): Map<string, null> {
  return new Map(Array.from({ length: count }, (_, at) => [`member-${at}`, null]));
}

describe('partitions dealt out', () => {
  it('are all dealt, each once, every topic and all together evenly', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (counts, members) => {
      const topics = new Map(counts.map((count, at) => [`topic-${at}`, count]));
      const dealing = dealPartitions(team(members), topics);
      expect(owners(dealing).size).toBe(counts.reduce((sum, count) => sum + count, 0));
      for (const [topic, count] of topics) {
        const hands = [...dealing.values()].map((hand) => hand.get(topic)?.length ?? 0);
        expect(hands.reduce((sum, hand) => sum + hand, 0)).toBe(count);
        expect(Math.max(...hands) - Math.min(...hands)).toBeLessThanOrEqual(1);
      }
      const totals = [...dealing.values()].map((hand) => [...hand.values()].flat().length);
      expect(Math.max(...totals) - Math.min(...totals)).toBeLessThanOrEqual(1);
    }));
  });

  it('stay where they are while nobody comes or goes', () => {
    const before = dealPartitions(team(5), TOPICS);
    expect(owners(dealPartitions(claimsOf(before, 3), TOPICS))).toEqual(owners(before));
  });

  it('move to one who joins, and no others', () => {
    const before = dealPartitions(team(2), TOPICS);
    const after = dealPartitions(new Map<string, Claim | null>([...claimsOf(before, 1), ['newcomer', null]]), TOPICS);
    expect(moved(before, after)).toBe(16);
    expect([...after.get('newcomer')?.values() ?? []].flat()).toHaveLength(16);
  });

  it('of one who leaves go to the others, which keep what they have', () => {
    const before = dealPartitions(team(4), TOPICS);
    const claims = claimsOf(before, 1);
    claims.delete('member-0');
    expect(moved(before, dealPartitions(claims, TOPICS))).toBe(0);
  });

  it('belong to the later of two claims', () => {
    const stale = { generation: 4, owned: { t: [0, 1] } };
    const fresh = { generation: 5, owned: { t: [0, 1] } };
    const dealing = dealPartitions(new Map([['a', stale], ['b', fresh]]), new Map([['t', 4]]));
    expect(dealing.get('b')?.get('t')).toEqual([0, 1]);
  });
});

describe('a claim', () => {
  it('is read as it was written', () => {
    expect(decodeClaim(encodeClaim(7, [{ topic: 'a', partition: 1 }, { topic: 'a', partition: 3 }]))).toEqual({ generation: 7, owned: { a: [1, 3] } });
  });

  it.each([null, undefined, '', 'null', '7', '{}', Buffer.from([0, 0, 0, 1])])('that is no claim (%s) claims nothing', (data) => {
    expect(decodeClaim(data)).toBeNull();
  });
});
