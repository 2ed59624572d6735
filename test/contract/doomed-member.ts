/** A group member to be killed: joins with the settings in its first argument, says so, and reads until it dies. */
import { connectKafka, type KafkaSettings } from '../../src/adapters/kafka/connect.ts';
import { join } from './record-log.support.ts';

/** The broker allows no shorter one; after it the others take over. */
const SHORTEST_SESSION_MS = 6_000;

const { settings, group, topic } = JSON.parse(process.argv[2] ?? '') as { settings: KafkaSettings; group: string; topic: string };
const consumer = await join(connectKafka(settings, { onWarning: () => {} }), group, [topic], undefined, undefined, SHORTEST_SESSION_MS);
process.stdout.write('joined\n');
for (;;) await consumer.poll({ maxBytes: 1_000, maxWaitMs: 1_000 });
