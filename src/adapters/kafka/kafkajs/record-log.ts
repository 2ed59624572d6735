import type { ConsumerOptions, ProducerOptions, RecordConsumer, RecordLog, RecordLogAdmin, RecordProducer, RecordReader } from '../../../ports/record-log.ts';
import type { LogContext } from '../context.ts';
import { KafkajsAdmin } from './admin.ts';
import { KafkajsConsumer } from './consumer.ts';
import { kafkajsProducer } from './producer.ts';
import { KafkajsReader } from './reader.ts';

/** A cluster through kafkajs; see KafkajsConsumer for what it cannot give. */
export class KafkajsRecordLog implements RecordLog {
  readonly #context: LogContext;

  constructor(context: LogContext) {
    this.#context = context;
  }

  consumer(options: ConsumerOptions): RecordConsumer { return new KafkajsConsumer(this.#context, options); }
  reader(): RecordReader { return new KafkajsReader(this.#context); }
  producer(options: ProducerOptions): RecordProducer { return kafkajsProducer(this.#context, options); }
  admin(): RecordLogAdmin { return new KafkajsAdmin(this.#context); }
}
