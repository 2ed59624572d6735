import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka } from '../../src/adapters/kafka/connect.ts';
import type { RecordConsumer, RecordLog, RecordLogAdmin, RecordProducer } from '../../src/ports/record-log.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { Assignments, collect, join, numbered, POLL, positionsAfter } from '../contract/record-log.support.ts';
import { uniquePrefix, waitFor } from '../support/stack.ts';

const BROKER = 'kafka-west';
const DELIVERY_TIMEOUT_MS = 15_000;

/** A Kafka of its own, since it is stopped, killed and frozen here. */
describe.each(['platformatic', 'kafkajs'] as const)('a broker that goes away (%s)', (client) => {
  const topic = `${uniquePrefix()}restart`;
  const listener = new Assignments();
  let stack: Stack;
  let log: RecordLog;
  let admin: RecordLogAdmin;
  let producer: RecordProducer;
  let consumer: RecordConsumer;
  let sent = 0;

  beforeAll(async () => {
    stack = await startStack({ only: [BROKER] });
    const brokers = stack.servers.filter(({ name }) => name === BROKER).map(({ url }) => url);
    log = connectKafka({ client, brokers, clientId: 'restart', requestTimeoutMs: 5_000, connectTimeoutMs: 3_000 }, { onWarning: () => {} });
    admin = log.admin();
    await waitFor(async () => { await admin.ensureTopics([{ name: topic, partitions: 1, replicas: 1 }]); return true; }, { what: 'the topic' });
    producer = log.producer({ compression: 'lz4', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
    consumer = await join(log, topic, [topic], listener);
  });
  afterAll(async () => {
    await Promise.all([consumer?.close(), producer?.close(), admin?.close()]);
    await stack?.down();
  });

  const send = async (): Promise<void> => {
    await producer.send(numbered(topic, 0, 10, sent));
    sent += 10;
  };
  const sendUntilTaken = () => waitFor(async () => { await send(); return true; }, { what: 'the broker to take records' });
  /** Reads what was sent since, commits it, and expects every one of these records. */
  const receive = async (from: number): Promise<void> => {
    const wanted = new Set(Array.from({ length: sent - from }, (_, index) => `v${from + index}`));
    await waitFor(async () => {
      for (const { value } of await collect(consumer, 1)) wanted.delete(value as string);
      return wanted.size === 0;
    }, { what: `the records from ${from}`, timeoutMs: 60_000 });
    const end = await waitFor(async () => (await admin.ranges([topic]))[0]?.latest, { what: 'the end of the topic' });
    await waitFor(async () => { await consumer.commit([{ topic, partition: 0, offset: end }]); return true; }, { what: 'a commit' });
  };

  it('is restarted: nothing is lost, and everyone finds back', async () => {
    await send();
    await consumer.commit(positionsAfter(await collect(consumer, 10)));
    await stack.kill(BROKER, 'SIGKILL');
    await expect(send()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    await waitFor(async () => { expect(await consumer.poll(POLL)).toEqual([]); return consumer.health().lastError; }, { what: 'the consumer to say what is wrong' });
    await expect(consumer.commit([{ topic, partition: 0, offset: 10 }])).rejects.toMatchObject({ name: 'SluiceError' });
    await stack.start(BROKER);
    const from = sent;
    await sendUntilTaken();
    await receive(from);
    await waitFor(() => consumer.health().connected, { what: 'good health' });
  });

  it('freezes: requests time out, and all goes on when it thaws', async () => {
    await stack.kill(BROKER, 'SIGSTOP');
    const failure = send();
    await expect(failure).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    await waitFor(async () => { await consumer.poll(POLL); return consumer.health().lastError; }, { what: 'the consumer to say what is wrong' });
    await stack.kill(BROKER, 'SIGCONT');
    const from = sent;
    await sendUntilTaken();
    await receive(from);
    expect(listener.held).toEqual([`${topic}/0`]);
  });
});
