import { Client } from '@elastic/elasticsearch';
import { Kafka, logLevel } from 'kafkajs';
import { registerCodecs } from '../src/adapters/kafka/kafkajs/client.ts';

/**
 * What a team would write in a day: kafkajs eachBatch and the Elasticsearch client's bulk helper, JSON parsed and written
 * again. Ends when `count` documents are in. Arguments: brokers, node, topic, index, count.
 */
const [brokers, node, topic, index, count] = process.argv.slice(2) as [string, string, string, string, string];
registerCodecs();
const client = new Client({ node });
const consumer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR }).consumer({ groupId: `${topic}.naive.${process.pid}`, maxBytesPerPartition: 4_000_000 });
let done = 0;
let began = 0;

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
const finished = new Promise<void>((resolve) => {
  void consumer.run({
    eachBatchAutoResolve: true,
    eachBatch: async ({ batch }) => {
      began ||= performance.now();
      await client.helpers.bulk({
        datasource: batch.messages.map((message) => JSON.parse((message.value as Buffer).toString()) as Record<string, unknown>),
        onDocument: (document) => ({ index: { _index: index, _id: `${String(document['listing_id'])}-1` } }),
        flushBytes: 3_000_000,
        concurrency: 3,
      });
      done += batch.messages.length;
      if (done >= Number(count)) resolve();
    },
  });
});
await finished;
const seconds = (performance.now() - began) / 1_000;
const { user, system } = process.cpuUsage();
process.send?.({ docsPerSecond: Number(count) / seconds, cpuSecondsPerMillion: (user + system) / Number(count), peakRssMiB: process.resourceUsage().maxRSS / 1024 });
await consumer.disconnect();
process.exit(0);
