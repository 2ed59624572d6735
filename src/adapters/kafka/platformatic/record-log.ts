import type { ConsumerOptions, ProducerOptions, RecordConsumer, RecordLog, RecordLogAdmin, RecordProducer, RecordReader } from '../../../ports/record-log.ts';
import { PlatformaticAdmin } from './admin.ts';
import { Cluster } from './cluster.ts';
import { PlatformaticConsumer } from './consumer.ts';
import type { LogContext } from '../context.ts';
import { platformaticProducer } from './producer.ts';
import { PlatformaticReader } from './reader.ts';

/** A cluster through @platformatic/kafka, with a fetch loop and a decoder of our own. */
export class PlatformaticRecordLog implements RecordLog {
  readonly #context: LogContext;

  constructor(context: LogContext) {
    this.#context = context;
  }

  consumer(options: ConsumerOptions): RecordConsumer { return new PlatformaticConsumer(this.#context, options); }
  producer(options: ProducerOptions): RecordProducer { return platformaticProducer(this.#context, options); }
  admin(): RecordLogAdmin { return new PlatformaticAdmin(this.#context); }

  reader(): RecordReader {
    const { settings, clock, hooks } = this.#context;
    return new PlatformaticReader({ cluster: new Cluster(settings), clock, hooks, from: 'earliest' });
  }
}
