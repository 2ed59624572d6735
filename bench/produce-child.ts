import { connectKafka } from '../src/adapters/kafka/connect.ts';
import { configSchema } from '../src/config/schema.ts';
import type { Compression } from '../src/ports/record-log.ts';
import { benchDocuments, recordOf } from './documents.ts';

/** Produces ready-made records and nothing else. Arguments: brokers, topic, count, compression, records of one send. */
const [brokers, topic, count, compression, batch] = process.argv.slice(2) as [string, string, string, string, string];
/** Different sends; they go again and again. */
const SENDS = 50;
const { requestTimeoutMs, connectTimeoutMs } = configSchema.shape.kafka.parse({});
const log = connectKafka({ client: 'platformatic', brokers: brokers.split(','), clientId: 'sluice-bench', requestTimeoutMs, connectTimeoutMs }, { onWarning: (message) => process.stderr.write(`${message}\n`) });
const producer = log.producer({ compression: compression as Compression, deliveryTimeoutMs: 60_000 });
const size = Number(batch);
const document = await benchDocuments();
const sends = Array.from({ length: SENDS }, (_, send) => Array.from({ length: size }, (_unused, at) => ({ ...recordOf('', document(send * size + at), Date.now()), topic })));
let sent = 0;

async function until(end: number): Promise<void> {
  for (; sent < end; sent += size) await producer.send(sends[(sent / size) % SENDS] as (typeof sends)[number]);
}

await until(Number(count) / 10);
const [before, from, began] = [process.cpuUsage(), sent, performance.now()];
await until(from + Number(count));
const seconds = (performance.now() - began) / 1_000;
const { user, system } = process.cpuUsage(before);
process.send?.({ docsPerSecond: (sent - from) / seconds, cpuSecondsPerMillion: (user + system) / (sent - from), peakRssMiB: process.resourceUsage().maxRSS / 1_024 });
await producer.close();
process.exit(0);
