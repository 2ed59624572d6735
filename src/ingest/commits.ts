import type { Logger } from 'pino';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { PartitionPosition, RecordConsumer, RecordLogAdmin } from '../ports/record-log.ts';
import { partitionKey } from './chunk.ts';
import { positionGroup } from './groups.ts';
import type { IngestMetrics } from './metrics.ts';
import type { RegionState, SettledPosition } from './region-state.ts';

export interface CommitParts {
  readonly consumer: RecordConsumer;
  readonly admin: RecordLogAdmin;
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly prefix: string;
  readonly log: Logger;
  readonly metrics: IngestMetrics;
}

/** Writes down how far each region is: settled positions only, and for the members' group the smallest of them. */
export class Commits {
  readonly #parts: CommitParts;
  readonly #written = new Map<string, Map<string, number>>();

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** Commits what has moved since the last time. A failed commit is logged and tried again the next time. */
  async commit(): Promise<void> {
    const { consumer, admin, regions, prefix } = this.#parts;
    const settled = [...regions].map(([region, state]) => ({ region, positions: state.settledPositions() }));
    const moved = new Set(settled.flatMap(({ region, positions }) => this.#moved(region, positions).map(partitionKey)));
    // The members' group goes first, with every partition in which any region has moved: where it is fenced the partitions are someone else's, and so are their positions.
    const smallest = smallestOf(settled.map(({ positions }) => positions));
    if (!await this.#write('members', smallest, smallest.filter((position) => moved.has(partitionKey(position))), (positions) => consumer.commit(positions))) return;
    await Promise.all(settled.map(({ region, positions }) =>
      this.#write(region, positions, this.#moved(region, positions), (given) => admin.setCommitted(positionGroup(prefix, region), given))));
  }

  #moved(group: string, positions: readonly SettledPosition[]): SettledPosition[] {
    const written = this.#written.get(group);
    return positions.filter((position) => written?.get(keyOf(position)) !== position.offset);
  }

  /** Writes those that moved; false when the commit failed. */
  async #write(group: string, positions: readonly SettledPosition[], moved: readonly SettledPosition[], write: (positions: readonly PartitionPosition[]) => Promise<void>): Promise<boolean> {
    if (moved.length === 0) return true;
    try {
      await write(moved.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    } catch (error) {
      this.#failed(group, error);
      return false;
    }
    this.#written.set(group, new Map(positions.map((position) => [keyOf(position), position.offset])));
    this.#parts.metrics.commits.inc({ group, outcome: 'written' });
    return true;
  }

  #failed(group: string, error: unknown): void {
    const fenced = error instanceof SluiceError && error.code === 'KAFKA_FENCED';
    if (fenced) this.#written.delete(group);
    this.#parts.metrics.commits.inc({ group, outcome: fenced ? 'fenced' : 'failed' });
    this.#parts.log.warn({ group, detail: messageOf(error) }, 'positions not committed');
  }
}

/** For each partition the smallest of all positions. */
export function smallestOf(regions: readonly (readonly SettledPosition[])[]): SettledPosition[] {
  const smallest = new Map<string, SettledPosition>();
  for (const position of regions.flat()) {
    const key = partitionKey(position);
    const known = smallest.get(key);
    if (known === undefined || position.offset < known.offset) smallest.set(key, position);
  }
  return [...smallest.values()];
}

/** What was written under an older assignment says nothing: someone else may have written since. */
function keyOf(position: SettledPosition): string {
  return `${position.assignment}:${partitionKey(position)}`;
}
