import { SluiceError } from '../../domain/errors.ts';
import type { RecordLog } from '../../ports/record-log.ts';
import { systemClock } from '../system-clock.ts';
import { KafkajsRecordLog } from './kafkajs/record-log.ts';
import { PlatformaticRecordLog } from './platformatic/record-log.ts';
import type { KafkaHooks, KafkaSettings } from './settings.ts';

export type { KafkaHooks, KafkaSasl, KafkaSettings, KafkaTls } from './settings.ts';

/** The cluster through the client that the settings name. Connects lazily: nothing is sent before the first use. Throws CONFIG_INVALID. */
export function connectKafka(settings: KafkaSettings, hooks: KafkaHooks): RecordLog {
  if (settings.brokers.length === 0) throw new SluiceError('CONFIG_INVALID', 'no Kafka broker is given: name at least one as host:port');
  const context = { settings, hooks, clock: systemClock };
  return settings.client === 'kafkajs' ? new KafkajsRecordLog(context) : new PlatformaticRecordLog(context);
}
