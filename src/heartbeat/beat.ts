import { MAX_TIME } from '../domain/envelope.ts';
import type { OutgoingRecord } from '../ports/record-log.ts';
import { partitionOfKey } from './murmur2.ts';

/** Header on heartbeats in source topics, by which their other readers can leave them out. */
export const BEAT_HEADER = 'sluice-heartbeat';
const MARK = Buffer.from('{"sluice_heartbeat":');
const THIRD_BYTE = MARK[2] as number;
/** Heartbeats are small: what is larger is none. */
const MAX_BYTES = 1_024;
const MAX_TRIES = 10_000;

/** One heartbeat, as it was emitted. */
export interface Beat {
  readonly emitter: string;
  readonly partition: number;
  /** Which interval since 1970 it stands for: one heartbeat per partition is expected in each. */
  readonly slot: number;
  /** Epoch ms. */
  readonly emitted: number;
}

/** The record that goes into a source partition; `partitions`: how many the topic has. */
export function beatRecord(topic: string, beat: Beat, partitions: number): OutgoingRecord {
  const { emitter, partition, slot, emitted } = beat;
  const value = Buffer.from(JSON.stringify({ sluice_heartbeat: 1, emitter, partition, slot, emitted }));
  return { topic, partition, key: keyFor(partition, partitions), value, headers: new Map([[BEAT_HEADER, Buffer.from('1')]]), timestamp: emitted };
}

/** Whether a source record may be a heartbeat: asked for every event, so the first bytes decide. */
export function isBeat(payload: Buffer | null): payload is Buffer {
  return payload !== null && payload[2] === THIRD_BYTE && payload.length <= MAX_BYTES && payload.subarray(0, MARK.length).equals(MARK);
}

/** The heartbeat in a payload; null where it is none after all. */
export function beatOf(payload: Buffer): Beat | null {
  try {
    const { emitter, partition, slot, emitted } = JSON.parse(payload.toString('utf8')) as Record<string, unknown>;
    const whole = [partition, slot, emitted].every((value) => Number.isSafeInteger(value) && (value as number) >= 0);
    return whole && (emitted as number) <= MAX_TIME && typeof emitter === 'string' ? { emitter, partition: partition as number, slot: slot as number, emitted: emitted as number } : null;
  } catch {
    return null;
  }
}

const keys = new Map<string, Buffer>();

/**
 * A key that falls into this partition of any topic with as many: so the heartbeats of a source topic reach every
 * partition of a regional topic, too, where both have the same number.
 */
function keyFor(partition: number, partitions: number): Buffer {
  const name = `${partition}/${partitions}`;
  const known = keys.get(name) ?? findKey(partition, partitions);
  keys.set(name, known);
  return known;
}

function findKey(partition: number, partitions: number): Buffer {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const key = Buffer.from(`sluice-heartbeat-${partition}-${tries}`);
    if (partitionOfKey(key, partitions) === partition) return key;
  }
  return Buffer.from(`sluice-heartbeat-${partition}`);
}
