import { lanesBetween, type Lane } from '../domain/lane.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { PartitionRange, RecordLogAdmin } from '../ports/record-log.ts';

const POLL_MS = 500;

/** Where the topics of every region ended at one moment. */
export type Mark = ReadonlyMap<string, readonly PartitionRange[] | { readonly problem: string }>;

/**
 * Whether something can still be under way: once every lane has committed what its topics held when a region was looked
 * at, whatever that region had then must have come to the others, too.
 */
export interface LaneMarks {
  mark(): Promise<Mark>;
  /** Waits until all lanes are past the mark, no longer than `patienceMs`; the destinations of those that are not, with the reason. */
  behind(mark: Mark, patienceMs: number, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
}

export interface LaneMarkParts {
  readonly regions: ReadonlyMap<string, RecordLogAdmin>;
  /** Regional topics of the pipelines. */
  readonly topics: readonly string[];
  readonly groupOf: (lane: Lane) => string;
  readonly clock: Clock;
}

export function laneMarks({ regions, topics, groupOf, clock }: LaneMarkParts): LaneMarks {
  const lanes = lanesBetween([...regions.keys()]);
  const whyBehind = async (lane: Lane, mark: Mark): Promise<string | null> => {
    const ends = mark.get(lane.source) ?? { problem: 'unknown region' };
    if ('problem' in ends) return `what Kafka ${lane.source} still holds for it is not known: ${ends.problem}`;
    const admin = regions.get(lane.source) as RecordLogAdmin;
    const committed = await told(() => admin.committed(groupOf(lane), topics));
    if ('problem' in committed) return `how far lane ${lane.name} has come is not known: ${committed.problem}`;
    const records = recordsBefore(ends, new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset])));
    return records === 0 ? null : `lane ${lane.name} has ${records} records to go that were there before`;
  };
  return {
    mark: async () => new Map(await Promise.all([...regions].map(async ([name, admin]) => [name, await told(() => admin.ranges(topics))] as const))),
    behind: async (mark, patienceMs, signal) => {
      const deadline = clock.monotonic() + patienceMs;
      for (;;) {
        const all = await Promise.all(lanes.map(async (lane) => ({ lane, why: await whyBehind(lane, mark) })));
        const left = new Map(all.flatMap(({ lane, why }) => (why === null ? [] : [[lane.destination, why] as const])));
        if (left.size === 0 || clock.monotonic() >= deadline) return left;
        await clock.sleep(POLL_MS, signal);
      }
    },
  };
}

function recordsBefore(ends: readonly PartitionRange[], positions: ReadonlyMap<string, number>): number {
  return ends.reduce((sum, { topic, partition, earliest, latest }) => sum + Math.max(0, latest - Math.max(earliest, positions.get(`${topic}/${partition}`) ?? earliest)), 0);
}

/** What a Kafka that does not answer cannot tell is a value: the other lanes can. */
async function told<Answer extends object>(ask: () => Promise<Answer>): Promise<Answer | { readonly problem: string }> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { problem: messageOf(error) };
  }
}
