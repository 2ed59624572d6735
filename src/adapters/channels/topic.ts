import { SluiceError, messageOf } from '../../domain/errors.ts';
import type { AlertChannel } from '../../ports/alert-channel.ts';
import type { RecordLog, RecordProducer, TopicSpec } from '../../ports/record-log.ts';

const DELIVERY_TIMEOUT_MS = 8_000;

/** A topic of alerts for programs: one record an alert, its key as the key, so that the order of each condition is kept. */
export function topicChannel(log: RecordLog, topic: TopicSpec): AlertChannel {
  let producer: RecordProducer | null = null;
  const opened = async (): Promise<RecordProducer> => {
    if (producer !== null) return producer;
    const admin = log.admin();
    try {
      await admin.ensureTopics([topic]);
    } finally {
      await admin.close();
    }
    return (producer = log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS }));
  };
  return {
    send: async ({ alerts, at, installation }) => {
      try {
        const open = await opened();
        await open.send(alerts.map((alert) => ({ topic: topic.name, key: Buffer.from(alert.key), value: Buffer.from(JSON.stringify({ ...alert, installation, at })) })));
      } catch (error) {
        throw new SluiceError('CHANNEL_UNAVAILABLE', `topic ${topic.name} took no alert: ${messageOf(error)}`, { cause: error });
      }
    },
    close: async () => producer?.close(),
  };
}
