import type { IngestConfig } from '../config/schema.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { IngestRecord } from '../ingest/record.ts';
import type { RecordLog, RecordProducer } from '../ports/record-log.ts';
import type { RegionOutcome, RegionOutcomes } from './outcome.ts';

/** Writes finished records to every region's topics, as ingest does: the same bytes to each, each with its own result. */
export class EventWriter {
  readonly #logs: ReadonlyMap<string, RecordLog>;
  readonly #settings: IngestConfig;
  readonly #producers = new Map<string, RecordProducer>();

  constructor(logs: ReadonlyMap<string, RecordLog>, settings: IngestConfig) {
    this.#logs = logs;
    this.#settings = settings;
  }

  /** The outcome of each record in each region, in order. Waits no longer than ingest would. */
  async write(records: readonly IngestRecord[]): Promise<RegionOutcomes[]> {
    if (records.length === 0) return [];
    const byRegion = await Promise.all([...this.#logs].map(async ([region, log]) => [region, await this.#send(this.#producer(region, log), records)] as const));
    return records.map((_, at) => new Map(byRegion.map(([region, outcomes]) => [region, outcomes[at] as RegionOutcome])));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#producers.values()].map((producer) => producer.close()));
  }

  #producer(region: string, log: RecordLog): RecordProducer {
    const known = this.#producers.get(region);
    if (known !== undefined) return known;
    const { compression, deliveryTimeoutMs } = this.#settings;
    const producer = log.producer({ compression, deliveryTimeoutMs });
    this.#producers.set(region, producer);
    return producer;
  }

  /** All at once; where one is too large for Kafka, one by one, so that only that one is. */
  async #send(producer: RecordProducer, records: readonly IngestRecord[]): Promise<RegionOutcome[]> {
    try {
      await producer.send(records);
      return records.map(() => ({ kind: 'written' }));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (error.code !== 'KAFKA_RECORD_TOO_LARGE') return records.map(() => ({ kind: 'unavailable', reason: messageOf(error) }));
      if (records.length === 1) return [{ kind: 'rejected', flaw: { type: error.code, reason: messageOf(error) } }];
      const outcomes: RegionOutcome[] = [];
      for (const record of records) outcomes.push(...(await this.#send(producer, [record])));
      return outcomes;
    }
  }
}
