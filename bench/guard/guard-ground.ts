import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { openRegionLog } from '../../src/main/connections.ts';
import type { RecordLog, RecordLogAdmin } from '../../src/ports/record-log.ts';
import type { BenchStack } from '../bench-stack.ts';
import { startChild, type Child } from '../child.ts';
import { BENCH_PIPELINE } from '../events.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import { BENCH_LANE, REGION } from '../lane-ground.ts';
import type { DatedDocuments } from './dated-documents.ts';

const SEND_RECORDS = 2_000;
const SENDS_AT_ONCE = 4;
const POLL_MS = 2_000;

/** What a lane is allowed to do in a phase. */
export interface PhaseRate { readonly documentsPerSecond: number | null; readonly searchFactor: number }

/** A filled topic and a lane that catches up with it, again and again, into the same documents: what is searched stays as large as it was. */
export class GuardGround {
  readonly node: string;
  readonly #bench: BenchStack;
  readonly #documents: DatedDocuments;
  readonly #log: RecordLog;
  readonly #admin: RecordLogAdmin;
  readonly #topic: string;

  constructor(bench: BenchStack, documents: DatedDocuments) {
    this.#bench = bench;
    this.#documents = documents;
    this.node = bench.config.regions[REGION]?.elasticsearch.nodes[0] as string;
    this.#log = openRegionLog(bench.config, REGION, pino({ level: 'silent' }));
    this.#admin = this.#log.admin();
    this.#topic = regionalTopicOf(bench.config.prefix, BENCH_PIPELINE);
  }

  /** Every document twice in the topic, unless an earlier run left them there, and in its index once; resolves when that is so. */
  async prepare(): Promise<void> {
    const ranges = await this.#admin.ranges([this.#topic]);
    if (ranges.reduce((sum, { latest }) => sum + latest, 0) < 2 * this.#documents.count) await this.#fill();
    if ((await this.#indexed()) >= this.#documents.count) return;
    const lane = await this.catchUp({ documentsPerSecond: null, searchFactor: 0 });
    while ((await this.#indexed()) < this.#documents.count) await sleep(POLL_MS);
    await lane.stop();
  }

  /** A lane that begins at the first record. */
  async catchUp(rate: PhaseRate): Promise<Child> {
    const ranges = await this.#admin.ranges([this.#topic]);
    await this.#admin.setCommitted(`${this.#bench.config.prefix}sluice.${BENCH_LANE}`, ranges.map(({ topic, partition }) => ({ topic, partition, offset: 0 })));
    return await startChild(['process', '--lane', BENCH_LANE, '--config', this.#configured(rate)]);
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  #configured(rate: PhaseRate): string {
    const { prefix, regions, source } = this.#bench.config;
    const region = regions[REGION];
    if (region === undefined) throw new Error(`there is no region ${REGION}`);
    const { kafka: { brokers }, elasticsearch: { nodes } } = region;
    const path = join(dirname(this.#bench.configFile), 'phase.yaml');
    writeFileSync(path, stringify({ prefix, pipelines: [BENCH_PIPELINE], source: { kafka: { brokers: source.kafka.brokers } }, regions: { [REGION]: { kafka: { brokers }, elasticsearch: { nodes }, rate } } }));
    return path;
  }

  #all(): string {
    return this.#documents.span(0, this.#documents.days).indices.join(',');
  }

  async #indexed(): Promise<number> {
    const answer = await fetch(`${this.node}/${this.#all()}/_count?ignore_unavailable=true`);
    return ((await answer.json()) as { count?: number }).count ?? 0;
  }

  async #fill(): Promise<void> {
    const producer = this.#log.producer({ compression: 'lz4', deliveryTimeoutMs: 60_000 });
    const now = Date.now();
    const sends = new Set<Promise<void>>();
    for (let from = 0; from < 2 * this.#documents.count; from += SEND_RECORDS) {
      const records = Array.from({ length: Math.min(SEND_RECORDS, 2 * this.#documents.count - from) }, (_, at) => this.#documents.record((from + at) % this.#documents.count, now));
      const send: Promise<void> = producer.send(records).finally(() => sends.delete(send));
      sends.add(send);
      if (sends.size >= SENDS_AT_ONCE) await Promise.race(sends);
    }
    await Promise.all(sends);
    await producer.close();
  }
}
