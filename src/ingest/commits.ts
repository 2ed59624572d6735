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
  /** Of each region, by assignment and partition. */
  readonly #written = new Map<string, ReadonlyMap<string, number>>();

  constructor(parts: CommitParts) {
    this.#parts = parts;
  }

  /** Commits what has moved since the last time. A failed commit is logged and tried again the next time. */
  async commit(): Promise<void> {
    const { consumer, admin, regions, prefix } = this.#parts;
    const settled = [...regions].map(([region, state]) => {
      const positions = state.settledPositions();
      return { region, positions, moved: positions.filter((position) => this.#written.get(region)?.get(keyOf(position)) !== position.offset) };
    });
    // The members' group goes first, with every partition in which any region has moved: where it is fenced the partitions are someone else's, and so are their positions.
    const anywhere = new Set(settled.flatMap(({ moved }) => moved.map(partitionKey)));
    const smallest = smallestOf(settled.map(({ positions }) => positions)).filter((position) => anywhere.has(partitionKey(position)));
    if (!await this.#write('members', smallest, (given) => consumer.commit(given))) return;
    await Promise.all(settled.map(async ({ region, positions, moved }) => {
      if (moved.length === 0 || !await this.#write(region, moved, (given) => admin.setCommitted(positionGroup(prefix, region), given))) return;
      this.#written.set(region, new Map(positions.map((position) => [keyOf(position), position.offset])));
    }));
  }

  /** False when the commit failed. */
  async #write(group: string, moved: readonly SettledPosition[], write: (positions: readonly PartitionPosition[]) => Promise<void>): Promise<boolean> {
    if (moved.length === 0) return true;
    try {
      await write(moved.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    } catch (error) {
      const fenced = error instanceof SluiceError && error.code === 'KAFKA_FENCED';
      this.#parts.metrics.commits.inc({ group, outcome: fenced ? 'fenced' : 'failed' });
      this.#parts.log.warn({ group, detail: messageOf(error) }, 'positions not committed');
      return false;
    }
    this.#parts.metrics.commits.inc({ group, outcome: 'written' });
    return true;
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
