import type { PartitionPosition, TopicPartition } from '../ports/record-log.ts';
import { type Chunk, partitionKey } from './chunk.ts';
import type { Head, Heads } from './heads.ts';

/**
 * joined: fed by the shared reading. cut: its Kafka does not take what it is given; only a probe is tried now and then.
 * catching-up: it answers and re-reads the source by itself where it is behind.
 */
export type RegionMode = 'joined' | 'cut' | 'catching-up';

/** One region's positions in one partition. */
export interface RegionPosition extends TopicPartition {
  readonly assignment: number;
  /** Next source offset to be queued. */
  next: number;
  /** Everything before it is acknowledged by the region or needed no record. */
  settled: number;
  /** Timestamp of the last settled source record, epoch ms; null before the first. */
  settledTime: number | null;
}

/** A position that may be committed, with the assignment it belongs to. */
export interface SettledPosition extends PartitionPosition {
  readonly assignment: number;
}

type Step = Pick<Chunk, 'topic' | 'partition' | 'assignment' | 'from' | 'next' | 'lastTime'>;

/**
 * What one region has been given and has acknowledged. Decides whether the region takes part in the shared reading,
 * and never lets a settled position pass what was not acknowledged. No I/O, no clock.
 */
export class RegionState {
  readonly #heads: Heads;
  readonly #positions = new Map<string, RegionPosition>();
  #cut = false;
  #session = 0;

  constructor(heads: Heads) {
    this.#heads = heads;
  }

  get mode(): RegionMode {
    if (this.#cut) return 'cut';
    return this.behind().length === 0 ? 'joined' : 'catching-up';
  }

  /** Raised by each cut: acknowledgements of an older session are not counted. */
  get session(): number { return this.#session; }
  get isCut(): boolean { return this.#cut; }

  positions(): readonly RegionPosition[] { return [...this.#positions.values()]; }
  position(partition: TopicPartition): RegionPosition | undefined { return this.#positions.get(partitionKey(partition)); }

  assign({ topic, partition, offset, assignment }: Head): void {
    this.#positions.set(partitionKey({ topic, partition }), { topic, partition, assignment, next: offset, settled: offset, settledTime: null });
  }

  revoke(partition: TopicPartition): void { this.#positions.delete(partitionKey(partition)); }

  /** True where the next chunk of the shared reading is what this region needs next. */
  takesFromHead(step: Pick<Step, 'topic' | 'partition' | 'assignment' | 'from'>): boolean {
    return !this.#cut && this.#expects(step);
  }

  /** Notes a chunk as queued; false (nothing noted) where it is not what comes next. */
  queue(step: Step): boolean {
    if (!this.#expects(step)) return false;
    (this.position(step) as RegionPosition).next = step.next;
    return true;
  }

  /** Notes a chunk as acknowledged; false where that belongs to an older session or assignment, or is out of turn. */
  settle(step: Step, session: number): boolean {
    const position = this.position(step);
    if (session !== this.#session || position?.assignment !== step.assignment || position.settled !== step.from) return false;
    position.settled = step.next;
    position.settledTime = step.lastTime ?? position.settledTime;
    return true;
  }

  /** The region does not take what it is given: everything not acknowledged is to be read again. */
  cut(): void {
    this.#cut = true;
    this.#session += 1;
    for (const position of this.#positions.values()) position.next = position.settled;
  }

  /** The region answers again. */
  answered(): void { this.#cut = false; }

  /** Positions that are behind the shared reading. */
  behind(): RegionPosition[] {
    return this.positions().filter((position) => position.next < (this.#headOf(position)?.offset ?? 0));
  }

  /** Up to where a position has to be read to meet the shared reading. */
  goal(partition: TopicPartition): number | null {
    const position = this.position(partition);
    return position === undefined ? null : this.#headOf(position)?.offset ?? null;
  }

  /** What may be committed: settled positions. */
  settledPositions(): SettledPosition[] {
    return this.positions().map(({ topic, partition, assignment, settled }) => ({ topic, partition, assignment, offset: settled }));
  }

  #expects({ topic, partition, assignment, from }: Pick<Step, 'topic' | 'partition' | 'assignment' | 'from'>): boolean {
    const position = this.position({ topic, partition });
    return position?.assignment === assignment && position.next === from;
  }

  #headOf(position: RegionPosition): Head | undefined {
    const head = this.#heads.get(position);
    return head?.assignment === position.assignment ? head : undefined;
  }
}
