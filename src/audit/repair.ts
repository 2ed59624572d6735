import type { Clock } from '../ports/clock.ts';
import type { DocumentWriter } from '../redrive/document-writer.ts';
import type { RegionOutcome, RegionOutcomes } from '../redrive/outcome.ts';
import type { DocumentWrite } from '../redrive/plan.ts';
import { mendingOf, type Finding } from './finding.ts';
import { logEntry, type LogContext } from './repair-log.ts';

/** Documents mended as one, with their contents in memory. */
const MAX_CHUNK = 100;

export interface RepairParts {
  readonly writers: ReadonlyMap<string, Pick<DocumentWriter, 'write'>>;
  readonly context: LogContext;
  readonly clock: Clock;
  /** Documents a second, beside live traffic. */
  readonly rate: number;
  /** How long a cluster in trouble is waited for, ms. */
  readonly patienceMs: number;
}

export interface Mended {
  readonly finding: Finding;
  readonly outcomes: RegionOutcomes;
}

/** Makes every region hold what it should, version-safe and at a bounded rate; what is done is written down before and after. */
export class Repair {
  readonly #parts: RepairParts;
  #mended = 0;
  #began: number | null = null;

  constructor(parts: RepairParts) {
    this.#parts = parts;
  }

  async mend(findings: readonly Finding[], signal: AbortSignal): Promise<Mended[]> {
    const size = Math.max(1, Math.min(MAX_CHUNK, Math.floor(this.#parts.rate)));
    const mended: Mended[] = [];
    for (let at = 0; at < findings.length && !signal.aborted; at += size) {
      const chunk = findings.slice(at, at + size);
      await this.#pace(chunk.length, signal);
      // A chunk that was begun is ended: what it changes is bounded, and so is its patience.
      if (!signal.aborted) mended.push(...(await this.#mendChunk(chunk, new AbortController().signal)));
    }
    return mended;
  }

  async #mendChunk(findings: readonly Finding[], signal: AbortSignal): Promise<Mended[]> {
    const { clock, context } = this.#parts;
    const now = clock.now();
    const planned = await this.#log(findings.map((finding) => logEntry(finding, null, now, context)), signal);
    const work = findings.map((finding, at) => ({ finding, mending: mendingOf(finding, now), outcomes: new Map<string, RegionOutcome>(), logged: planned[at] === undefined }));
    const writable = work.filter(({ logged }) => logged);
    for (const { finding, outcomes, logged } of work) if (!logged) for (const region of finding.regions) outcomes.set(region, { kind: 'unavailable', reason: 'what is about to change could not be written down' });
    const first = await this.#write(writable.map(({ mending }) => mending.first), signal);
    const ready = writable.filter(({ outcomes }, at) => settled(first[at] as RegionOutcomes, outcomes));
    const then = await this.#write(ready.map(({ mending }) => mending.then), signal);
    ready.forEach(({ outcomes }, at) => { for (const [region, outcome] of then[at] as RegionOutcomes) outcomes.set(region, outcome); });
    await this.#log(work.map(({ finding, outcomes }) => logEntry(finding, outcomes, clock.now(), context)), signal);
    return work.map(({ finding, outcomes }) => ({ finding, outcomes }));
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
    if (wait > 0) await clock.sleep(wait, signal).catch((error: unknown) => { if (!signal.aborted) throw error; });
  }
}

/** Whether the home holds the document now; what went wrong there stands for the whole. */
function settled(first: RegionOutcomes, outcomes: Map<string, RegionOutcome>): boolean {
  const bad = [...first].filter(([, { kind }]) => kind !== 'applied' && kind !== 'superseded');
  for (const [region, outcome] of bad) outcomes.set(region, outcome);
  return bad.length === 0;
}
