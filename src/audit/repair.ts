import type { Clock } from '../ports/clock.ts';
import type { DocumentWriter } from '../redrive/document-writer.ts';
import type { RegionOutcome, RegionOutcomes } from '../redrive/outcome.ts';
import type { DocumentWrite } from '../redrive/plan.ts';
import type { BorrowedRate } from '../rate/borrowed-rate.ts';
import { mendingOf, type Finding } from './finding.ts';
import { endOf, findingEntry, type LogContext } from './log-entry.ts';

/** Documents mended as one, with their contents in memory. */
const MAX_CHUNK = 100;
/** Writes into a region for each of them: what is about to change, the change, what became of it. */
const WRITES = 3;
/** A chunk takes no longer than this of the rate that there is, seconds: the writers are not that patient. */
const CHUNK_SECONDS = 5;
/** How long live traffic and searches are given way to, ms: the search guard's longest look takes forty seconds. */
const ROOM_PATIENCE_MS = 60_000;

export interface RepairParts {
  readonly writers: ReadonlyMap<string, Pick<DocumentWriter, 'write'>>;
  readonly context: LogContext;
  readonly clock: Clock;
  /** Documents a second, at most. */
  readonly rate: number;
  /** The share of the regions' caps that the writers take from. */
  readonly share: Pick<BorrowedRate, 'room' | 'rest'>;
  /** How long a cluster in trouble is waited for, ms. */
  readonly patienceMs: number;
}

export interface Mended {
  readonly finding: Finding;
  readonly outcomes: RegionOutcomes;
  /** Whether it stands in the index of audits. */
  readonly logged: boolean;
}

/** Makes every region hold what it should, version-safe and at a bounded rate; what is done is written down before and after. */
export class Repair {
  readonly #parts: RepairParts;
  #mended = 0;
  #began: number | null = null;

  constructor(parts: RepairParts) {
    this.#parts = parts;
  }

  /** Those that were come to; ends early when the signal is aborted. */
  async mend(findings: readonly Finding[], signal: AbortSignal): Promise<Mended[]> {
    const mended: Mended[] = [];
    try {
      while (mended.length < findings.length) {
        const room = await this.#parts.share.room(ROOM_PATIENCE_MS, signal);
        if (room === 0) return [...mended, ...findings.slice(mended.length).map(crowdedOut)];
        const size = Math.max(1, Math.min(MAX_CHUNK, Math.floor(this.#parts.rate), Math.floor((room * CHUNK_SECONDS) / WRITES)));
        const chunk = findings.slice(mended.length, mended.length + size);
        await this.#pace(chunk.length, signal);
        // A chunk that was begun is ended: what it changes is bounded, and so is its patience.
        mended.push(...(await this.#mendChunk(chunk, new AbortController().signal)));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#parts.share.rest();
    }
    return mended;
  }

  async #mendChunk(findings: readonly Finding[], signal: AbortSignal): Promise<Mended[]> {
    const { clock, context } = this.#parts;
    const now = clock.now();
    const planned = await this.#log(findings.map((finding) => findingEntry(finding, 'planned', null, now, context)), signal);
    const work = findings.map((finding, at) => ({ finding, mending: mendingOf(finding, now), outcomes: new Map<string, RegionOutcome>(), logged: planned[at] === undefined }));
    const writable = work.filter(({ logged }) => logged);
    for (const { finding, outcomes, logged } of work) if (!logged) for (const region of finding.regions) outcomes.set(region, { kind: 'unavailable', reason: 'what is about to change could not be written down' });
    const first = await this.#write(writable.map(({ mending }) => mending.first), signal);
    const ready = writable.filter(({ outcomes }, at) => settled(first[at] as RegionOutcomes, outcomes));
    const then = await this.#write(ready.map(({ mending }) => mending.then), signal);
    ready.forEach(({ outcomes }, at) => { for (const [region, outcome] of then[at] as RegionOutcomes) outcomes.set(region, outcome); });
    await this.#log(work.map(({ finding, outcomes }) => findingEntry(finding, endOf(outcomes), outcomes, clock.now(), context)), signal);
    return work.map(({ finding, outcomes, logged }) => ({ finding, outcomes, logged }));
  }

  /** One outcome a region for each of the writes, in order. */
  async #write(writes: readonly ReadonlyMap<string, DocumentWrite>[], signal: AbortSignal): Promise<RegionOutcomes[]> {
    const outcomes = writes.map(() => new Map<string, RegionOutcome>());
    await Promise.all([...this.#parts.writers].map(async ([region, writer]) => {
      const due = writes.flatMap((each, at) => { const write = each.get(region); return write === undefined ? [] : [{ at, write }]; });
      const results = await writer.write(due.map(({ write }) => write), this.#parts.patienceMs, signal);
      due.forEach(({ at }, position) => outcomes[at]?.set(region, results[position] as RegionOutcome));
    }));
    return outcomes;
  }

  /** Into every region, so that one that is away keeps nothing from being known; entries that no region took are told by their position. */
  async #log(entries: readonly DocumentWrite[], signal: AbortSignal): Promise<Record<number, string>> {
    const all = await Promise.all([...this.#parts.writers.values()].map((writer) => writer.write(entries, this.#parts.patienceMs, signal)));
    const lost: Record<number, string> = {};
    entries.forEach((_, at) => {
      const outcomes = all.map((each) => each[at] as RegionOutcome);
      if (!outcomes.some(({ kind }) => kind === 'applied' || kind === 'superseded')) lost[at] = outcomes.map(({ kind }) => kind).join(', ');
    });
    return lost;
  }

  async #pace(documents: number, signal: AbortSignal): Promise<void> {
    const { clock, rate } = this.#parts;
    this.#began ??= clock.monotonic();
    const wait = this.#began + (this.#mended / rate) * 1_000 - clock.monotonic();
    // Time that went by unused is not made up for.
    if (wait < 0) this.#began = clock.monotonic() - (this.#mended / rate) * 1_000;
    this.#mended += documents;
    if (wait > 0) await clock.sleep(wait, signal);
  }
}

/** Nothing was tried: live traffic and searches go first. */
function crowdedOut(finding: Finding): Mended {
  return { finding, outcomes: new Map(finding.regions.map((region) => [region, { kind: 'unavailable', reason: 'live traffic and searches left no room for it' }])), logged: false };
}

/** Whether the home holds the document now; what went wrong there stands for the whole. */
function settled(first: RegionOutcomes, outcomes: Map<string, RegionOutcome>): boolean {
  const bad = [...first].filter(([, { kind }]) => kind !== 'applied' && kind !== 'superseded');
  for (const [region, outcome] of bad) outcomes.set(region, outcome);
  return bad.length === 0;
}
