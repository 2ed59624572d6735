import { seekToStart, tellBlock, type OnEntry } from '../compacted/read-compacted.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog } from '../ports/record-log.ts';

/** The compacted topic of a region in which its policies stand; lanes read that of their source region. */
export function policyTopicOf(prefix: string): string {
  return `${prefix}sluice.policies`;
}

const POLL_BYTES = 1024 * 1024;
/** Longest wait of one poll, ms; a change is told as soon as it is there. */
const POLL_WAIT_MS = 5_000;
/** How long after trouble the topic is asked again, ms. */
const RETRY_MS = 2_000;
const DELIVERY_TIMEOUT_MS = 5_000;

export interface FollowOptions {
  readonly log: RecordLog;
  readonly topic: string;
  readonly clock: Clock;
  /** A policy that was set (or, with null, taken back), in order; those that stand already come first. */
  readonly onPolicy: OnEntry;
  /** Everything that stood in the topic at the start was told; also where there is no such topic. */
  readonly onCaughtUp: () => void;
  readonly onProblem: (message: string) => void;
}

/** Tells the policies of a topic and every change of them until the signal fires. A log that does not answer is asked again. */
export async function followPolicies(options: FollowOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow(options, signal);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (error.code === 'KAFKA_UNKNOWN_TOPIC') options.onCaughtUp();
      options.onProblem(messageOf(error));
      await options.clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}

async function follow({ log, topic, onPolicy, onCaughtUp }: FollowOptions, signal: AbortSignal): Promise<void> {
  const reader = log.reader();
  const close = (): void => void reader.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const open = await seekToStart(log, topic, reader);
    for (let behind = true; !signal.aborted;) {
      if (behind && open.size === 0) {
        behind = false;
        onCaughtUp();
      }
      for (const block of await reader.poll({ maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS })) tellBlock(block, open, onPolicy);
    }
  } finally {
    signal.removeEventListener('abort', close);
    await reader.close();
  }
}

/** Sets a policy, or with null takes it back. Rejects with SluiceError `KAFKA_*`. */
export async function setPolicy(log: RecordLog, topic: string, key: string, value: Buffer | null): Promise<void> {
  const producer = log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  try {
    await producer.send([{ topic, key: Buffer.from(key), value }]);
  } finally {
    await producer.close();
  }
}
