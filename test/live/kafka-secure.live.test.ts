import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka } from '../../src/adapters/kafka/connect.ts';
import type { KafkaSasl, KafkaTls } from '../../src/adapters/kafka/settings.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import { collect, join, numbered, positionsAfter } from '../contract/record-log.support.ts';
import { makeCertificate } from '../support/certificate.ts';
import { startSecureBroker, type SecureBroker } from '../support/secure-broker.ts';

const CLIENTS = ['platformatic', 'kafkajs'] as const;
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const PAIRS = CLIENTS.flatMap((client) => MECHANISMS.map((mechanism) => ({ client, mechanism })));

let broker: SecureBroker;
beforeAll(async () => { broker = await startSecureBroker(); });
afterAll(() => broker?.down());

function connect(client: (typeof CLIENTS)[number], sasl: Partial<KafkaSasl> & Pick<KafkaSasl, 'mechanism'>, tls: Partial<KafkaTls> = {}): RecordLog {
  const mutual = { ca: Buffer.from(broker.server.cert), cert: Buffer.from(broker.client.cert), key: Buffer.from(broker.client.key) };
  return connectKafka({ client, brokers: [broker.address], clientId: 'secure', tls: { ...mutual, ...tls }, sasl: { ...broker.user, ...sasl }, requestTimeoutMs: 30_000, connectTimeoutMs: 20_000 }, { onWarning: () => {} });
}

async function ranges(log: RecordLog): Promise<unknown> {
  const admin = log.admin();
  try {
    return await admin.ranges(['nothing']);
  } finally {
    await admin.close();
  }
}

describe('a broker that asks for a certificate and a password', () => {
  it.each(PAIRS)('takes and gives records, and commits ($client, $mechanism)', async ({ client, mechanism }) => {
    const log = connect(client, { mechanism });
    const topic = `secure-${client}-${mechanism}`;
    const admin = log.admin();
    await admin.ensureTopics([{ name: topic, partitions: 1, replicas: 1 }]);
    const producer = log.producer({ compression: 'lz4', deliveryTimeoutMs: 60_000 });
    await producer.send(numbered(topic, 0, 10));
    const consumer = await join(log, topic, [topic]);
    const seen = await collect(consumer, 10);
    await consumer.commit(positionsAfter(seen));
    expect(seen.map(({ value }) => value)).toEqual(Array.from({ length: 10 }, (_, index) => `v${index}`));
    await Promise.all([consumer.close(), producer.close(), admin.close()]);
  });

  it.each(CLIENTS)('refuses a wrong password, in words (%s)', async (client) => {
    await expect(ranges(connect(client, { mechanism: 'SCRAM-SHA-512', password: 'wrong' }))).rejects.toThrow(/authentication|credentials|sasl/i);
  });

  it.each(CLIENTS)('is not trusted with a certificate of somebody else (%s)', async (client) => {
    await expect(ranges(connect(client, { mechanism: 'PLAIN' }, { ca: Buffer.from(makeCertificate('broker', ['127.0.0.1']).cert) }))).rejects.toThrow(/certificate/i);
  });
});
