import type { PartitionPosition, PollOptions, RecordBlock, RecordReader, TopicPartition } from '../../../ports/record-log.ts';
import type { Cluster } from './cluster.ts';
import { Fetcher, type FetcherOptions } from './fetcher.ts';

/** Reads single partitions, without a group. */
export class PlatformaticReader implements RecordReader {
  readonly #cluster: Cluster;
  readonly #fetcher: Fetcher;

  constructor(options: FetcherOptions) {
    this.#cluster = options.cluster;
    this.#fetcher = new Fetcher(options);
  }

  seek({ topic, partition, offset }: PartitionPosition): void { this.#fetcher.add({ topic, partition }, offset); }
  drop(partition: TopicPartition): void { this.#fetcher.cursors.remove(partition); }
  poll(options: PollOptions): Promise<RecordBlock[]> { return this.#fetcher.poll(options); }

  async close(): Promise<void> {
    this.#fetcher.close();
    await this.#cluster.close();
  }
}
