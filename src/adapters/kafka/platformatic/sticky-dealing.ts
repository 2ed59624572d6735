import type { TopicPartition } from '../../../ports/record-log.ts';

/** What a member says it owns when it joins, and since which generation; rides in its subscription. */
export interface Claim {
  readonly generation: number;
  readonly owned: Readonly<Record<string, readonly number[]>>;
}

/** Partitions of each member by topic. */
export type Dealing = Map<string, Map<string, number[]>>;

export function encodeClaim(generation: number, partitions: readonly TopicPartition[]): Buffer {
  const owned: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) (owned[topic] ??= []).push(partition);
  return Buffer.from(JSON.stringify({ generation, owned } satisfies Claim));
}

/** Null where a member (of another program or version) says nothing that we understand. */
export function decodeClaim(data: Buffer | string | null | undefined): Claim | null {
  try {
    const claim = JSON.parse(String(data)) as Partial<Claim> | null;
    return typeof claim?.generation === 'number' && typeof claim.owned === 'object' && claim.owned !== null ? (claim as Claim) : null;
  } catch {
    return null;
  }
}

/**
 * Deals every topic out evenly, so that as few partitions as possible change hands: whoever had a partition keeps it as long as that is
 * not more than its share. Of two who claim one, the later generation has it. Every topic is dealt by itself, since some are empty.
 */
export function dealPartitions(claims: ReadonlyMap<string, Claim | null>, partitionsOf: ReadonlyMap<string, number>): Dealing {
  const dealing: Dealing = new Map([...claims.keys()].sort().map((member) => [member, new Map<string, number[]>()]));
  for (const topic of [...partitionsOf.keys()].sort()) dealTopic(topic, partitionsOf.get(topic) as number, claims, dealing);
  return dealing;
}

function dealTopic(topic: string, count: number, claims: ReadonlyMap<string, Claim | null>, dealing: Dealing): void {
  const before = ownedBefore(topic, count, claims);
  const hands = [...dealing].map(([member, topics]) => ({ topics, total: totalOf(topics), had: before.get(member) ?? [] }));
  // Who has least of the other topics, and then who had most of this one, gets what cannot be divided.
  hands.sort((a, b) => a.total - b.total || b.had.length - a.had.length);
  const shares = hands.map((_, at) => Math.floor(count / hands.length) + (at < count % hands.length ? 1 : 0));
  const kept = hands.map(({ had }, at) => had.slice(0, shares[at]));
  const taken = new Set(kept.flat());
  const free = Array.from({ length: count }, (_, partition) => partition).filter((partition) => !taken.has(partition));
  hands.forEach(({ topics }, at) => {
    const hand = [...(kept[at] as number[]), ...free.splice(0, (shares[at] as number) - (kept[at] as number[]).length)];
    if (hand.length > 0) topics.set(topic, hand.sort((a, b) => a - b));
  });
}

/** Partitions of the topic by the member that had them last. */
function ownedBefore(topic: string, count: number, claims: ReadonlyMap<string, Claim | null>): Map<string, number[]> {
  const last = new Map<number, { member: string; generation: number }>();
  for (const [member, claim] of claims) {
    for (const partition of claim?.owned[topic] ?? []) {
      if (partition < count && (claim as Claim).generation > (last.get(partition)?.generation ?? -1)) last.set(partition, { member, generation: (claim as Claim).generation });
    }
  }
  const owned = new Map<string, number[]>();
  for (const [partition, { member }] of [...last].sort(([a], [b]) => a - b)) owned.set(member, [...(owned.get(member) ?? []), partition]);
  return owned;
}

function totalOf(topics: ReadonlyMap<string, readonly number[]>): number {
  return [...topics.values()].reduce((sum, partitions) => sum + partitions.length, 0);
}
