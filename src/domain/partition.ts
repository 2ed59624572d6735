/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The next offset to be read (so: one past the last settled record). */
export interface PartitionPosition extends TopicPartition {
  readonly offset: number;
}
