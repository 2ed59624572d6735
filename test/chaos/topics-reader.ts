import { ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import type { RecordBlock, RecordLog, RecordLogAdmin, RecordReader } from '../../src/ports/record-log.ts';
import { SEQ_HEADER } from './feeder.ts';
import type { Awaited } from './oracle.ts';

const POLL_WAIT_MS = 200;
const POLL_BYTES = 4 * 1024 * 1024;

/** Called for each record in the order of its partition. */
export type OnRecord = (block: RecordBlock, index: number) => void;

/** Reads the topics of one cluster on and on, from their beginning, partitions that are added meanwhile included. */
export class TopicsReader {
  readonly #topics: readonly string[];
  readonly #onRecord: OnRecord;
  readonly #reader: RecordReader;
  readonly #admin: RecordLogAdmin;
  readonly #next = new Map<string, number>();

  constructor(log: RecordLog, topics: readonly string[], onRecord: OnRecord) {
    this.#topics = topics;
    this.#onRecord = onRecord;
    this.#reader = log.reader();
    this.#admin = log.admin();
  }

  /** Reads up to where the topics end now. Rejects with SluiceError `KAFKA_*` when the cluster cannot be asked. */
  async readToEnd(signal: AbortSignal): Promise<void> {
    const ends = await this.#admin.ranges(this.#topics);
    for (const { topic, partition, earliest } of ends) {
      const key = `${topic}/${partition}`;
      if (this.#next.has(key)) continue;
      this.#next.set(key, earliest);
      this.#reader.seek({ topic, partition, offset: earliest });
    }
    while (!signal.aborted && ends.some(({ topic, partition, latest }) => (this.#next.get(`${topic}/${partition}`) ?? 0) < latest)) {
      for (const block of await this.#reader.poll({ maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS })) this.#take(block);
    }
    signal.throwIfAborted();
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#reader.close(), this.#admin.close()]);
  }

  #take(block: RecordBlock): void {
    for (let index = 0; index < block.count; index += 1) this.#onRecord(block, index);
    this.#next.set(`${block.topic}/${block.partition}`, block.nextOffset);
  }
}

/** Which sending a record came from; null for a record of the pipeline's own. */
export function seqOf(block: RecordBlock, index: number): number | null {
  const header = block.header(index, SEQ_HEADER);
  return header === null ? null : Number(header.toString());
}

/** Fields of the binary envelope by their places in it, read here by other means than the pipeline reads them. */
export function envelopeMark(block: RecordBlock, index: number): string | null {
  const header = block.header(index, ENVELOPE_HEADER);
  if (header === null) return null;
  const version = Number(header.readBigUInt64BE(4));
  const pipelineEnd = 31 + (header[30] ?? 0);
  return documentMark(header.toString('utf8', 31, pipelineEnd), header.toString('utf8', pipelineEnd), version);
}

export function documentMark(pipeline: string, id: string, version: number): Awaited['mark'] {
  return `${pipeline}/${id}@${version}`;
}

export function failureMark(topic: string, partition: number, offset: number): Awaited['mark'] {
  return `failure/${topic}/${partition}/${offset}`;
}
