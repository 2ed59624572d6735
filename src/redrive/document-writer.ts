import type { ProcessorConfig } from '../config/schema.ts';
import { originSuffix, type Origin } from '../domain/origin.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import { BodyLimit, deliver, type DeliverTools, type Load } from '../indexing/deliver.ts';
import { ensureThrough, tryEnsure } from '../indexing/ensure.ts';
import { Gate, type GateState, type Trouble } from '../indexing/gate.ts';
import { UNSHADOWED } from '../indexing/newest.ts';
import type { IndexKeeper } from '../indexing/processor.ts';
import type { Clock } from '../ports/clock.ts';
import type { BulkSink } from '../ports/search-index.ts';
import type { RegionOutcome } from './outcome.ts';
import type { DocumentWrite } from './plan.ts';

export interface DocumentWriterParts {
  readonly sink: BulkSink;
  readonly indices: IndexKeeper;
  readonly settings: ProcessorConfig;
  readonly origin: Origin;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onGate?: (state: GateState) => void;
  /** Waits until a request of so many operations and bytes may be sent. */
  readonly pace?: NonNullable<DeliverTools['pace']>;
}

/** Writes documents into one region through the lanes' own machinery: outcome table, item retries, bisection, gate. */
export class DocumentWriter {
  readonly #parts: DocumentWriterParts;
  readonly #gate: Gate;
  readonly #limit: BodyLimit = new BodyLimit();
  readonly #suffix: Buffer;

  constructor(parts: DocumentWriterParts) {
    const { settings: { retryMinMs, retryMaxMs, probeMs }, clock, random, onGate } = parts;
    this.#parts = parts;
    this.#gate = new Gate({ clock, random, retryMinMs, retryMaxMs, probeMs, ...(onGate === undefined ? {} : { onChange: onGate }) });
    this.#suffix = originSuffix(parts.origin);
  }

  /** One outcome per write, in order. A cluster in trouble is waited for no longer than `patienceMs`; rejects only when aborted. */
  async write(writes: readonly DocumentWrite[], patienceMs: number, signal: AbortSignal): Promise<RegionOutcome[]> {
    if (writes.length === 0) return [];
    const impatience = new AbortController();
    const turn = { awaited: false };
    const waiting = this.#parts.clock.sleep(patienceMs, impatience.signal).then(() => impatience.abort(new Error('out of patience')), () => undefined);
    try {
      return await this.#deliver(writes, turn, AbortSignal.any([signal, impatience.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (!impatience.signal.aborted && !(error instanceof SluiceError)) throw error;
      const reason = impatience.signal.aborted ? this.#obstacle(turn.awaited, patienceMs) : messageOf(error);
      return writes.map(() => ({ kind: 'unavailable', reason }));
    } finally {
      impatience.abort();
      await waiting;
    }
  }

  #obstacle(turnAwaited: boolean, patienceMs: number): string {
    const { state } = this.#gate;
    if (turnAwaited) return `the rate left no room within ${patienceMs} ms`;
    return state.kind === 'open' ? `no answer within ${patienceMs} ms` : `${state.kind}: ${state.reason}`;
  }

  #suffixOf({ tombstoneAt }: DocumentWrite): Buffer {
    return tombstoneAt === undefined ? this.#suffix : originSuffix({ ...this.#parts.origin, tombstone_at: tombstoneAt });
  }

  async #deliver(writes: readonly DocumentWrite[], turn: { awaited: boolean }, signal: AbortSignal): Promise<RegionOutcome[]> {
    const { sink, indices, settings, clock, pace } = this.#parts;
    const names = [...new Set(writes.map((write) => write.index))];
    await ensureThrough(this.#gate, indices, names, signal);
    const superseded = new Set<number>();
    const paced = pace === undefined ? {} : { pace: async (...what: Parameters<typeof pace>) => { turn.awaited = true; await pace(...what); turn.awaited = false; } };
    const recover = async (): Promise<Trouble | null> => {
      indices.forget(names);
      return await tryEnsure(indices, names);
    };
    const { rejected } = await deliver(documentLoad(writes, (write) => this.#suffixOf(write)), {
      sink, gate: this.#gate, limit: this.#limit, clock, timeoutMs: settings.requestTimeoutMs, rejected: 'outcome',
      onSuperseded: (position) => superseded.add(position), recover, ...paced,
    }, signal);
    return writes.map((_, at): RegionOutcome => {
      const flaw = rejected.get(at);
      if (flaw !== undefined) return { kind: 'rejected', flaw };
      return { kind: superseded.has(at) ? 'superseded' : 'applied' };
    });
  }
}

/** Documents as lines of a bulk request: their own bytes with `origin` added, each at its own version, which must be newer than what is stored (or as its `versionType` says). */
function documentLoad(writes: readonly DocumentWrite[], suffixOf: (write: DocumentWrite) => Buffer): Load {
  const lines = writes.map((write) => {
    const action = Buffer.from(`${JSON.stringify({ [write.operation]: { _index: write.index, _id: write.id, version: write.version, version_type: write.versionType ?? 'external' } })}\n`);
    return write.value === null ? action : Buffer.concat([action, withOrigin(write.value, suffixOf(write)), Buffer.from('\n')]);
  });
  const body = Buffer.concat(lines);
  return { count: writes.length, body, length: body.length, operationOf: (at) => (writes[at] as DocumentWrite).operation, lines: (at) => lines[at] as Buffer, shadows: 0, winnerOver: () => UNSHADOWED };
}

function withOrigin(value: Buffer, suffix: Buffer): Buffer {
  const empty = value.toString('latin1', 1, value.length - 1).trim() === '';
  return Buffer.concat([value.subarray(0, value.length - 1), empty ? suffix.subarray(1) : suffix]);
}
