import { listOffsetsV7, ResponseError } from '@platformatic/kafka';
import type { TopicPartition } from '../../../ports/record-log.ts';
import type { Cluster } from './cluster.ts';

export interface OffsetQuestion extends TopicPartition {
  readonly which: 'earliest' | 'latest';
}

export interface OffsetAnswer extends OffsetQuestion {
  readonly offset: number;
}

const TIMESTAMPS = { earliest: -2n, latest: -1n };
const CONSUMER = -1;
const READ_COMMITTED = 1;

/** First and end offsets, asked from the leaders. What cannot be answered now is left out of the answer. */
export async function lookUpOffsets(cluster: Cluster, questions: readonly OffsetQuestion[]): Promise<OffsetAnswer[]> {
  const byLeader = Map.groupBy(questions, ({ topic, partition }) => cluster.topic(topic)?.leaders[partition] ?? null);
  const answers = await Promise.all([...byLeader].map(async ([leader, asked]) => (leader === null ? [] : askLeader(cluster, leader, asked))));
  return answers.flat();
}

async function askLeader(cluster: Cluster, leader: number, questions: readonly OffsetQuestion[]): Promise<OffsetAnswer[]> {
  const topics = [...Map.groupBy(questions, ({ topic }) => topic)].map(([name, asked]) => ({ name, partitions: asked.map(toRequest) }));
  const found = new Map<string, number>();
  for (const { name, partitions } of (await ask(cluster, leader, topics)).topics) {
    for (const { partitionIndex, errorCode, offset } of partitions) if (errorCode === 0) found.set(`${name}/${partitionIndex}`, Number(offset));
  }
  return questions.flatMap((question) => {
    const offset = found.get(`${question.topic}/${question.partition}`);
    return offset === undefined ? [] : [{ ...question, offset }];
  });
}

function toRequest({ partition, which }: OffsetQuestion): listOffsetsV7.ListOffsetsRequestPartition {
  return { partitionIndex: partition, currentLeaderEpoch: -1, timestamp: TIMESTAMPS[which] };
}

async function ask(cluster: Cluster, leader: number, topics: listOffsetsV7.ListOffsetsRequestTopic[]): Promise<listOffsetsV7.ListOffsetsResponse> {
  try {
    return await cluster.call(leader, listOffsetsV7.api, CONSUMER, READ_COMMITTED, topics);
  } catch (error) {
    // One partition that has moved fails the whole in the library's eyes; the others' answers are inside.
    if (error instanceof ResponseError) return error['response'] as listOffsetsV7.ListOffsetsResponse;
    throw error;
  }
}
