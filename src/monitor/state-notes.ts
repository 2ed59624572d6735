import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog, RecordProducer } from '../ports/record-log.ts';

/** How often the state is looked at, ms: a change is told within this time. */
const LOOK_MS = 1_000;
/** An unchanged state is told again this often, ms, so that silence means something. */
const REPEAT_MS = 10_000;
const DELIVERY_TIMEOUT_MS = 5_000;
/** Longest wait for the end of the topic when reading, ms. */
const READ_WAIT_MS = 2_000;
const READ_BYTES = 1024 * 1024;

/** What a process tells of one lane; the latest one per lane and host is kept. */
export interface StateNote {
  readonly lane: string;
  readonly host: string;
  readonly state: string;
  /** Why it is held or waits; null while all is well. */
  readonly reason: string | null;
  /** Epoch ms of the telling. */
  readonly at: number;
  /** Epoch ms since when the state and its reason stand. */
  readonly since: number;
  /** Epoch ms of the first telling of this process; absent in notes of older code. */
  readonly startedAt?: number;
  /** Version of its code; absent in notes of older code. */
  readonly code?: string;
}

/** The state of one lane as its process sees it. */
export type ToldState = Pick<StateNote, 'lane' | 'host' | 'state' | 'reason'>;

export interface StateNotesOptions {
  /** A log that is up when the lane's destination is not: the lane's source. */
  readonly log: RecordLog;
  readonly topic: string;
  /** One state a lane, always of the same lanes. */
  readonly read: () => readonly ToldState[];
  readonly code: string;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/**
 * Tells the states of lanes in a compacted topic until the signal fires, and then once more. It lies in the lane's source
 * region, so that a lane held by its destination can still say why. A log that does not answer costs only the telling.
 */
export async function tellState(options: StateNotesOptions, signal: AbortSignal): Promise<void> {
  const producer = options.log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  const told = new Map<string, StateNote>();
  while (!signal.aborted) {
    await tell(producer, options, told);
    await options.clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  await tell(producer, options, told);
  await producer.close();
}

async function tell(producer: RecordProducer, { topic, read, code, clock, onProblem }: StateNotesOptions, told: Map<string, StateNote>): Promise<void> {
  const now = clock.now();
  const notes = read().flatMap((state) => noteOf(state, told.get(state.lane), code, now) ?? []);
  if (notes.length === 0) return;
  try {
    await producer.send(notes.map((note) => ({ topic, key: Buffer.from(`${note.lane}/${note.host}`), value: Buffer.from(JSON.stringify(note)) })));
    for (const note of notes) told.set(note.lane, note);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    onProblem(messageOf(error));
  }
}

/** What is to be told now; null where that was told already, not long ago. */
function noteOf(state: ToldState, last: StateNote | undefined, code: string, now: number): StateNote | null {
  const changed = last === undefined || last.state !== state.state || last.reason !== state.reason;
  if (!changed && now - last.at < REPEAT_MS) return null;
  return { ...state, at: now, since: changed ? now : last.since, startedAt: last?.startedAt ?? now, code };
}

/** The latest note of every lane and host. Rejects with SluiceError `KAFKA_*`. */
export async function readStates(log: RecordLog, topic: string): Promise<StateNote[]> {
  const [admin, reader] = [log.admin(), log.reader()];
  const notes = new Map<string, StateNote>();
  try {
    const open = new Map((await admin.ranges([topic])).filter((range) => range.latest > range.earliest).map((range) => [range.partition, range]));
    for (const range of open.values()) reader.seek({ ...range, offset: range.earliest });
    while (open.size > 0) {
      const blocks = await reader.poll({ maxBytes: READ_BYTES, maxWaitMs: READ_WAIT_MS });
      if (blocks.length === 0) break;
      for (const block of blocks) {
        for (let at = 0; at < block.count; at += 1) note(notes, block.key(at), block.value(at));
        if (block.nextOffset >= (open.get(block.partition)?.latest ?? 0)) open.delete(block.partition);
      }
    }
  } finally {
    await Promise.all([reader.close(), admin.close()]);
  }
  return [...notes.values()];
}

function note(notes: Map<string, StateNote>, key: Buffer | null, value: Buffer | null): void {
  if (key === null) return;
  if (value === null) notes.delete(key.toString());
  else notes.set(key.toString(), JSON.parse(value.toString()) as StateNote);
}
