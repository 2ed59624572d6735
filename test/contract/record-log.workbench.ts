import { afterAll, afterEach, beforeAll } from 'vitest';
import type { RecordConsumer, RecordLog, RecordLogAdmin, RecordProducer, RecordReader } from '../../src/ports/record-log.ts';
import { type Assignments, join } from './record-log.support.ts';

/** What the suite needs of a log beside the port. */
export interface RecordLogSubject {
  readonly log: RecordLog;
  /** Put before every name. */
  readonly prefix: string;
  readonly warnings: string[];
  /** Does away with the records before `earliest`, as retention does. */
  trim(topic: string, partition: number, earliest: number): Promise<void>;
  /** A member joins the group; the returned function lets it die without leaving. */
  doomedMember(group: string, topic: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** What an implementation is known not to give. */
export interface Shortcomings {
  /** Partitions that stay are revoked and assigned anew at every rebalance. */
  readonly rebalanceRevokesAll?: boolean;
  /** Deals anew without a last word of those who own partitions. */
  readonly handsNothingOver?: boolean;
  /** Sending to a topic that does not exist is tried again until the delivery time-out. */
  readonly waitsForUnknownTopics?: boolean;
  /** Does not say that records were lost to retention. */
  readonly silentOnLoss?: boolean;
}

/** The limit of every topic that the suite makes. */
const MAX_RECORD_BYTES = 1024 * 1024;

interface Closeable {
  close(): Promise<void>;
}

/** One log under test, with what its tests make and what is cleared away after each. */
export class Workbench {
  readonly #closing: Closeable[] = [];
  readonly #topics: string[] = [];
  #names = 0;
  #opened: { readonly subject: RecordLogSubject; readonly admin: RecordLogAdmin; readonly producer: RecordProducer } | null = null;

  /** Registers the hooks of the surrounding `describe`. */
  constructor(open: () => Promise<RecordLogSubject>) {
    beforeAll(async () => {
      const subject = await open();
      this.#opened = { subject, admin: subject.log.admin(), producer: subject.log.producer({ compression: 'none', deliveryTimeoutMs: 10_000 }) };
    });
    afterEach(async () => {
      await Promise.all(this.#closing.splice(0).map((each) => each.close()));
      await this.admin.deleteTopics(this.#topics.splice(0));
    });
    afterAll(async () => {
      await this.producer.close();
      await this.admin.close();
      await this.subject.close();
    });
  }

  get subject(): RecordLogSubject { return this.#open.subject; }
  get log(): RecordLog { return this.subject.log; }
  get admin(): RecordLogAdmin { return this.#open.admin; }
  get producer(): RecordProducer { return this.#open.producer; }

  /** A name that no other test uses. */
  unique(what: string): string { return `${this.subject.prefix}${what}-${this.#names++}`; }

  async newTopic(partitions = 1): Promise<string> {
    const topic = this.deletedLater(this.unique('topic'));
    await this.admin.ensureTopics([{ name: topic, partitions, replicas: 1, config: { 'max.message.bytes': String(MAX_RECORD_BYTES) } }]);
    return topic;
  }

  deletedLater(topic: string): string {
    this.#topics.push(topic);
    return topic;
  }

  closedLater<T extends Closeable>(client: T): T {
    this.#closing.push(client);
    return client;
  }

  async member(group: string, topic: string, listener?: Assignments, from?: 'earliest' | 'latest'): Promise<RecordConsumer> {
    return this.closedLater(await join(this.log, group, [topic], listener, from));
  }

  /** Reads partition 0. */
  reading(topic: string, offset = 0): RecordReader {
    const reader = this.closedLater(this.log.reader());
    reader.seek({ topic, partition: 0, offset });
    return reader;
  }

  get #open() {
    if (this.#opened === null) throw new Error('the log is not open yet');
    return this.#opened;
  }
}
