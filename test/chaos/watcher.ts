import { lanesBetween } from '../../src/domain/lane.ts';
import { regionalTopicOf, sourceTopicOf } from '../../src/domain/pipeline.ts';
import type { PartitionPosition, PartitionRange, RecordBlock, RecordLogAdmin, TopicPartition } from '../../src/ports/record-log.ts';
import { REGIONS, type Cluster } from './cluster.ts';
import { PIPELINES, type Sending } from './history.ts';
import { LedgerReader } from './ledger-reader.ts';
import type { Standing } from './standstill.ts';
import { uncovered, ungiven, type Awaited, type Findings, type Stretch } from './oracle.ts';
import { documentMark, envelopeMark, failureMark, seqOf, TopicsReader } from './topics-reader.ts';

const FAILURES = 'failures';

/** A sending as the watcher remembers it: what must come of it, `null` where it is poison. */
export type Mark = string | null;

/** What must come of a sending. */
export function markOf(sending: Sending): Mark {
  if (sending.kind === 'direct') return sending.document === null ? null : documentMark(sending.pipeline, sending.document.id, sending.document.version);
  const truth = sending.generated?.truth;
  return truth === undefined ? null : documentMark(sending.pipeline, truth.id, truth.version * 1_024);
}

/** What one region's Kafka holds. */
interface RegionTopics {
  readonly given: Set<string>;
  /** Poison that stands in the region's own topics. */
  readonly poison: { readonly topic: string; readonly partition: number; readonly offset: number }[];
  readonly reader: TopicsReader;
}

type Gap = TopicPartition & Stretch;

/**
 * Follows positions, topics and batch metadata while the run goes on: no position may ever stand above something that is
 * not done. Positions are read first, and what must lie below them afterwards, so that a sound pipeline is never accused.
 */
export class Watcher {
  readonly #cluster: Cluster;
  readonly #findings: Findings;
  readonly #marks: readonly Mark[];
  readonly #source: TopicsReader;
  readonly #awaited = new Map<string, Awaited[]>();
  readonly #regions = new Map<string, RegionTopics>();
  readonly #ledgers = new Map<string, LedgerReader>();
  readonly #admins = new Map<string, RecordLogAdmin>();
  /** Up to where a region's position was found right, by region and partition. */
  readonly #checked = new Map<string, number>();
  readonly #reported = new Set<string>();
  readonly #seen = new Set<number>();
  /** Poison in the source, as `failure/topic/partition/offset`. */
  readonly sourcePoison = new Set<string>();

  /** `marks`: by the number of the sending; filled while the history is sent. */
  constructor(cluster: Cluster, findings: Findings, marks: readonly Mark[]) {
    this.#cluster = cluster;
    this.#findings = findings;
    this.#marks = marks;
    this.#source = new TopicsReader(cluster.log('source'), this.#sourceTopics(), (block, index) => this.#takeSource(block, index));
    for (const name of ['source', ...REGIONS]) this.#admins.set(name, cluster.log(name).admin());
    for (const region of REGIONS) {
      const [given, poison] = [new Set<string>(), [] as RegionTopics['poison']];
      const reader = new TopicsReader(cluster.log(region), this.#regionalTopics(), (block, index) => this.#takeRegional(given, poison, block, index));
      this.#regions.set(region, { given, poison, reader });
      this.#ledgers.set(region, new LedgerReader(cluster.search(region), cluster.config.prefix));
    }
  }

  /** How many different sendings stand in the topics. */
  get seen(): number { return this.#seen.size; }

  poisonIn(region: string): RegionTopics['poison'] { return this.#regions.get(region)?.poison ?? []; }

  /** Every position of ingest against what the regions' topics hold. Rejects when a Kafka cannot be asked. */
  async checkIngest(signal: AbortSignal): Promise<void> {
    for (const region of REGIONS) {
      const positions = await this.#admin('source').committed(`${this.#prefix}sluice.ingest.${region}`, this.#sourceTopics());
      await this.#source.readToEnd(signal);
      await this.#regions.get(region)?.reader.readToEnd(signal);
      for (const position of positions) this.#judgePosition(region, position);
    }
  }

  /** Every lane's committed offsets against the batch metadata. Rejects when Kafka or Elasticsearch cannot be asked. */
  async checkLanes(thorough: boolean): Promise<void> {
    for (const lane of lanesBetween(REGIONS)) {
      const { source, destination, name } = lane;
      const [ranges, committed] = await this.#laneOffsets(source, name);
      const ledger = this.#ledgers.get(destination) as LedgerReader;
      await (thorough ? ledger.readAll() : ledger.readNew());
      if (!thorough && this.#gapsOf(name, ledger, ranges, committed).length > 0) await ledger.readAll();
      for (const gap of this.#gapsOf(name, ledger, ranges, committed)) await this.#accuseLane(name, ledger, gap);
    }
  }

  /** Records that are not done, of all readers together. Rejects when a Kafka cannot be asked. */
  async lag(): Promise<number> {
    return [...(await this.standings()).values()].reduce((sum, { behind }) => sum + behind, 0);
  }

  /** Where ingest stands for each region, and every lane. Rejects when a Kafka cannot be asked. */
  async standings(): Promise<Map<string, Standing>> {
    return new Map(await Promise.all([
      ...REGIONS.map(async (region) => [`ingest ${region}`, standingOf(await this.#admin('source').ranges(this.#sourceTopics()), await this.#admin('source').committed(`${this.#prefix}sluice.ingest.${region}`, this.#sourceTopics()))] as const),
      ...lanesBetween(REGIONS).map(async ({ source, name }) => [name, standingOf(...await this.#laneOffsets(source, name))] as const),
    ]));
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#source.close(), ...[...this.#regions.values()].map(({ reader }) => reader.close()), ...[...this.#admins.values()].map((admin) => admin.close())]);
  }

  get #prefix(): string { return this.#cluster.config.prefix; }
  #sourceTopics(): string[] { return PIPELINES.map((pipeline) => sourceTopicOf(this.#prefix, pipeline)); }
  #regionalTopics(): string[] { return [...PIPELINES, FAILURES].map((pipeline) => regionalTopicOf(this.#prefix, pipeline)); }
  #admin(name: string): RecordLogAdmin { return this.#admins.get(name) as RecordLogAdmin; }

  async #laneOffsets(source: string, lane: string): Promise<[PartitionRange[], PartitionPosition[]]> {
    const admin = this.#admin(source);
    const committed = await admin.committed(`${this.#prefix}sluice.${lane}`, this.#regionalTopics());
    return [await admin.ranges(this.#regionalTopics()), committed];
  }

  #gapsOf(lane: string, ledger: LedgerReader, ranges: readonly PartitionRange[], committed: readonly PartitionPosition[]): Gap[] {
    return committed.flatMap(({ topic, partition, offset }) => {
      const from = ranges.find((range) => range.topic === topic && range.partition === partition)?.earliest ?? 0;
      return uncovered(from, offset, ledger.settled(lane, topic, partition)).map((stretch) => ({ topic, partition, ...stretch }));
    });
  }

  /** With what stood around it in the batch metadata when it was found: a gap that is filled later was a gap all the same. */
  async #accuseLane(lane: string, ledger: LedgerReader, gap: Gap): Promise<void> {
    const { topic, partition, first, last } = gap;
    const what = `lane ${lane} committed ${topic}/${partition} ${first}…${last}, which no batch settled`;
    if (this.#reported.has(what)) return;
    this.#accuse(what, `; at ${new Date().toISOString()} there was ${await ledger.around(lane, topic, partition, gap)}`);
  }

  #judgePosition(region: string, { topic, partition, offset }: PartitionPosition): void {
    const key = `${topic}/${partition}`;
    const from = this.#checked.get(`${region} ${key}`) ?? 0;
    const missing = ungiven(this.#awaited.get(key) ?? [], from, offset, this.#regions.get(region)?.given ?? new Set());
    for (const record of missing) this.#accuse(`ingest's position for ${region} passed ${key} ${record.offset} (${record.mark}), which ${region} was not given`);
    this.#checked.set(`${region} ${key}`, Math.max(from, offset));
  }

  /** Once for each thing, however often it is seen. */
  #accuse(what: string, evidence = ''): void {
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.#findings.add('earlyCommits', `${what}${evidence}`);
  }

  #takeSource(block: RecordBlock, index: number): void {
    const seq = seqOf(block, index);
    if (seq === null) return;
    this.#seen.add(seq);
    const offset = block.offset(index);
    const failure = failureMark(block.topic, block.partition, offset);
    const mark = this.#marks[seq] ?? failure;
    if (mark === failure) this.sourcePoison.add(failure);
    const key = `${block.topic}/${block.partition}`;
    const known = this.#awaited.get(key);
    if (known === undefined) this.#awaited.set(key, [{ offset, mark }]);
    else known.push({ offset, mark });
  }

  #takeRegional(given: Set<string>, poison: RegionTopics['poison'], block: RecordBlock, index: number): void {
    const seq = seqOf(block, index);
    if (seq !== null) {
      this.#seen.add(seq);
      if ((this.#marks[seq] ?? null) === null) poison.push({ topic: block.topic, partition: block.partition, offset: block.offset(index) });
    } else if (block.topic === regionalTopicOf(this.#prefix, FAILURES)) {
      const { source } = JSON.parse(block.value(index)?.toString() ?? '{}') as { source: { topic: string; partition: number; offset: number } };
      given.add(failureMark(source.topic, source.partition, source.offset));
    } else {
      const mark = envelopeMark(block, index);
      if (mark !== null) given.add(mark);
    }
  }
}

function standingOf(ranges: readonly PartitionRange[], committed: readonly PartitionPosition[]): Standing {
  const positions = new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
  const behind = ranges.reduce((sum, { topic, partition, earliest, latest }) => sum + latest - (positions.get(`${topic}/${partition}`) ?? earliest), 0);
  return { behind, done: committed.reduce((sum, { offset }) => sum + offset, 0) };
}
