import { findCoordinatorV4, NetworkError, offsetCommitV8, offsetFetchV8, findErrorBy } from '@platformatic/kafka';
import { SluiceError } from '../../../domain/errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { PartitionPosition, TopicPartition } from '../../../ports/record-log.ts';
import { Backoff } from '../backoff.ts';
import type { Cluster } from './cluster.ts';
import { asSluiceError, isCoordinatorMoved, isProtocolError } from './errors.ts';

/** Who commits: the member and generation that the broker checks against the group. */
export interface Membership {
  readonly memberId: string;
  readonly generation: number;
}

const GROUP = 0;
const NO_LEADER_EPOCH = -1;

/**
 * The broker that keeps a group's positions, over connections of our own: the library's `commit` joins the group again by
 * itself when it is fenced and commits under the new generation, which would confirm what others are working on.
 */
export class Coordinator {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #group: string;
  readonly #patienceMs: number;
  #broker: number | null = null;

  constructor(options: { cluster: Cluster; clock: Clock; group: string; patienceMs: number }) {
    this.#cluster = options.cluster;
    this.#clock = options.clock;
    this.#group = options.group;
    this.#patienceMs = options.patienceMs;
  }

  /** Commits; rejects with the library's error where the broker refuses, with `KAFKA_UNAVAILABLE` when patience ends. */
  async commit(member: Membership, positions: readonly PartitionPosition[]): Promise<void> {
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, group]) => ({
      name,
      partitions: group.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: NO_LEADER_EPOCH, committedMetadata: null })),
    }));
    await this.#withBroker((broker) => this.#cluster.call(broker, offsetCommitV8.api, this.#group, member.generation, member.memberId, null, topics));
  }

  /** Committed positions; partitions without one are absent. */
  async committed(partitions: readonly TopicPartition[]): Promise<PartitionPosition[]> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, group]) => ({ name, partitionIndexes: group.map(({ partition }) => partition) }));
    const response = await this.#withBroker((broker) => this.#cluster.call(broker, offsetFetchV8.api, [{ groupId: this.#group, memberId: null, memberEpoch: -1, topics }], true));
    return response.groups.flatMap((group) => group.topics.flatMap(({ name, partitions: found }) => found.flatMap(({ partitionIndex, committedOffset }) => (
      committedOffset < 0n ? [] : [{ topic: name, partition: partitionIndex, offset: Number(committedOffset) }]
    ))));
  }

  async #withBroker<Answer>(call: (broker: number) => Promise<Answer>): Promise<Answer> {
    const deadline = this.#clock.monotonic() + this.#patienceMs;
    const backoff = new Backoff();
    for (;;) {
      try {
        return await call((this.#broker ??= await this.#find()));
      } catch (error) {
        if (!isTemporary(error)) throw error;
        this.#broker = null;
        const wait = backoff.next();
        if (this.#cluster.closed || this.#clock.monotonic() + wait > deadline) throw asSluiceError(error, `the coordinator of group ${this.#group} cannot be reached`, { group: this.#group });
        await this.#clock.sleep(wait);
      }
    }
  }

  async #find(): Promise<number> {
    const { coordinators } = await this.#cluster.callAny(findCoordinatorV4.api, GROUP, [this.#group]);
    const found = coordinators[0];
    if (found === undefined) throw new SluiceError('KAFKA_UNAVAILABLE', `group ${this.#group} has no coordinator`);
    this.#cluster.learn(found.nodeId, { host: found.host, port: found.port });
    return found.nodeId;
  }
}

/** Worth another attempt at another or the same broker; everything else is the broker's answer. */
function isTemporary(error: unknown): boolean {
  if (error instanceof SluiceError) return error.code === 'KAFKA_UNAVAILABLE';
  return isCoordinatorMoved(error) || isProtocolError(error, 'UNSTABLE_OFFSET_COMMIT', 'REQUEST_TIMED_OUT') || (error instanceof Error && findErrorBy(error, 'code', NetworkError.code) !== null);
}
