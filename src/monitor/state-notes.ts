import { readCompacted } from '../compacted/read-compacted.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog, RecordProducer } from '../ports/record-log.ts';

/** How often the state is looked at, ms: a change is told within this time. */
const LOOK_MS = 1_000;
/** An unchanged state is told again this often, ms, so that silence means something. */
const REPEAT_MS = 10_000;
const DELIVERY_TIMEOUT_MS = 5_000;

/** What a process tells of one lane; the latest one per lane and host is kept. */
export interface StateNote {
  readonly lane: string;
  readonly host: string;
  readonly state: string;
  /** Why it is held or waits; null while all is well. */
  readonly reason: string | null;
  /** Operations that the lane found it can have in flight: where its next process begins. */
  readonly window?: number;
  /** Epoch ms of the telling. */
  readonly at: number;
  /** Epoch ms since when the state and its reason stand. */
  readonly since: number;
}

export interface StateNotesOptions {
  /** A log that is up when the lane's destination is not: the lane's source. */
  readonly log: RecordLog;
  readonly topic: string;
  readonly read: () => Pick<StateNote, 'lane' | 'host' | 'state' | 'reason' | 'window'>;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/**
 * Tells the state of a lane in a compacted topic until the signal fires, and then once more. It lies in the lane's source
 * region, so that a lane held by its destination can still say why. A log that does not answer costs only the telling.
 */
export async function tellState(options: StateNotesOptions, signal: AbortSignal): Promise<void> {
  const producer = options.log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  let last: Told | null = null;
  while (!signal.aborted) {
    last = await tell(producer, options, last);
    await options.clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  await tell(producer, options, last);
  await producer.close();
}

/** The last note that was told; `tick`: when, on the monotonic clock, so that a jump of the wall clock silences nobody. */
interface Told {
  readonly note: StateNote;
  readonly tick: number;
}

async function tell(producer: RecordProducer, { topic, read, clock, onProblem }: StateNotesOptions, last: Told | null): Promise<Told | null> {
  const [now, tick] = [clock.now(), clock.monotonic()];
  const state = read();
  const changed = last === null || last.note.state !== state.state || last.note.reason !== state.reason;
  if (!changed && last !== null && tick - last.tick < REPEAT_MS) return last;
  const note: StateNote = { ...state, at: now, since: changed || last === null ? now : last.note.since };
  try {
    await producer.send([{ topic, key: Buffer.from(`${note.lane}/${note.host}`), value: Buffer.from(JSON.stringify(note)) }]);
    return { note, tick };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    onProblem(messageOf(error));
    return last;
  }
}

/** The latest note of every lane and host. Rejects with SluiceError `KAFKA_*`. */
export async function readStates(log: RecordLog, topic: string): Promise<StateNote[]> {
  return [...(await readCompacted(log, topic)).values()].map((value) => JSON.parse(value.toString()) as StateNote);
}
