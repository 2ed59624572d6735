import { readCompacted } from '../compacted/read-compacted.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { ProcessFigures } from '../observability/process-figures.ts';
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
  /** Epoch ms of the first telling of this process; absent in notes of older code. */
  readonly startedAt?: number;
  /** Version of its code; absent in notes of older code. */
  readonly code?: string;
  /** How the process and its host are; absent in notes of older code. */
  readonly process?: ProcessFigures;
}

/** The state of one lane as its process sees it. */
export type ToldState = Pick<StateNote, 'lane' | 'host' | 'state' | 'reason' | 'window'>;

export interface StateNotesOptions {
  /** A log that is up when the lane's destination is not: the lane's source. */
  readonly log: RecordLog;
  readonly topic: string;
  /** One state a lane, always of the same lanes. */
  readonly read: () => readonly ToldState[];
  readonly code: string;
  /** When the process began, epoch ms; the same for all that it tells. Default: its first telling. */
  readonly startedAt?: number;
  readonly process?: () => ProcessFigures;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/**
 * Tells the states of lanes in a compacted topic until the signal fires, and then once more. It lies in the lane's source
 * region, so that a lane held by its destination can still say why. A log that does not answer costs only the telling.
 */
export async function tellState(options: StateNotesOptions, signal: AbortSignal): Promise<void> {
  const producer = options.log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  const told = new Map<string, Told>();
  while (!signal.aborted) {
    await tell(producer, options, told);
    await options.clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
  await tell(producer, options, told);
  await producer.close();
}

/** The last note that was told; `tick`: when, on the monotonic clock, so that a jump of the wall clock silences nobody. */
interface Told {
  readonly note: StateNote;
  readonly tick: number;
}

async function tell(producer: RecordProducer, { topic, read, code, startedAt, process, clock, onProblem }: StateNotesOptions, told: Map<string, Told>): Promise<void> {
  const [now, tick] = [clock.now(), clock.monotonic()];
  const notes = read().filter((state) => isDue(state, told.get(state.lane), tick)).map((state) => noteOf(state, told.get(state.lane)?.note, { code, startedAt, now }));
  if (notes.length === 0) return;
  const figures = process === undefined ? {} : { process: process() };
  try {
    await producer.send(notes.map((note) => ({ topic, key: Buffer.from(`${note.lane}/${note.host}`), value: Buffer.from(JSON.stringify({ ...note, ...figures })) })));
    for (const note of notes) told.set(note.lane, { note, tick });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    onProblem(messageOf(error));
  }
}

function isDue(state: ToldState, last: Told | undefined, tick: number): boolean {
  return last === undefined || isChanged(state, last.note) || tick - last.tick >= REPEAT_MS;
}

function isChanged(state: ToldState, note: StateNote): boolean {
  return note.state !== state.state || note.reason !== state.reason;
}

function noteOf(state: ToldState, last: StateNote | undefined, { code, startedAt, now }: { readonly code: string; readonly startedAt: number | undefined; readonly now: number }): StateNote {
  return { ...state, at: now, since: last === undefined || isChanged(state, last) ? now : last.since, startedAt: startedAt ?? last?.startedAt ?? now, code };
}

/** The latest note of every lane and host. Rejects with SluiceError `KAFKA_*`. */
export async function readStates(log: RecordLog, topic: string): Promise<StateNote[]> {
  return [...(await readCompacted(log, topic)).values()].map((value) => JSON.parse(value.toString()) as StateNote);
}
