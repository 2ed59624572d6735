import type { Clock } from '../ports/clock.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { Case } from './case.ts';
import { DocumentWriter } from './document-writer.ts';
import { EventWriter } from './event-writer.ts';
import type { RegionOutcome, RegionOutcomes } from './outcome.ts';
import type { RedriveParts } from './parts.ts';
import type { DocumentWrite, Plan } from './plan.ts';

/** A case with what is to be written for it. */
export interface Work {
  readonly case: Case;
  readonly plan: Plan;
  readonly patched: boolean;
}

/** Writes what was planned to where it belongs. */
export class Writers {
  readonly #regions: readonly string[];
  readonly #patienceMs: number;
  readonly #share: RedriveParts['share'];
  readonly #clock: Clock;
  readonly #documents: ReadonlyMap<string, DocumentWriter>;
  readonly #events: EventWriter;

  constructor(parts: RedriveParts, regions: readonly string[], patienceMs: number) {
    const { settings, origin, clock, random, share } = parts;
    this.#regions = regions;
    this.#patienceMs = patienceMs;
    this.#share = share;
    this.#clock = clock;
    this.#documents = new Map([...parts.regions].map(([name, { search, indices }]) => [name, new DocumentWriter({
      sink: search, indices, settings: settings.processor, origin, clock, random, pace: share.of(name).take,
    })]));
    // Events always go to every region, as they do from ingest: `regions` says whose failure indices are meant.
    this.#events = new EventWriter(new Map<string, RecordLog>([...parts.regions].map(([name, { log }]) => [name, log])), settings.ingest);
  }

  /** The outcome of each work in each region that it concerns, in order. Rejects only when aborted. */
  async write(works: readonly Work[], signal: AbortSignal): Promise<RegionOutcomes[]> {
    const outcomes = works.map(() => new Map<string, RegionOutcome>());
    await Promise.all([this.#writeEvents(works, outcomes), ...this.#regions.map((region) => this.#writeDocuments(region, works, outcomes, signal))]);
    return outcomes;
  }

  async close(): Promise<void> {
    this.#share.rest();
    await this.#events.close();
  }

  async #writeEvents(works: readonly Work[], outcomes: readonly Map<string, RegionOutcome>[]): Promise<void> {
    const events = works.flatMap(({ plan }, at) => (plan.kind === 'event' ? [{ record: plan.record, at }] : []));
    const written = await this.#events.write(events.map(({ record }) => record));
    written.forEach((result, position) => {
      for (const [region, outcome] of result) outcomes[(events[position] as { at: number }).at]?.set(region, outcome);
    });
  }

  /**
   * A document goes back into the regions that failed it; the others have it, or get it from their own lanes. A patched
   * document goes into every region, else they would hold different contents at one version.
   */
  async #writeDocuments(region: string, works: readonly Work[], outcomes: readonly Map<string, RegionOutcome>[], signal: AbortSignal): Promise<void> {
    const writes: { write: DocumentWrite; at: number }[] = works.flatMap(({ case: one, plan, patched }, at) => (
      plan.kind === 'document' && (patched || one.copies.some((copy) => copy.region === region)) ? [{ write: plan.write, at }] : []
    ));
    const results = await this.#writeInto(region, writes.map(({ write }) => write), signal);
    results.forEach((outcome, position) => outcomes[(writes[position] as { at: number }).at]?.set(region, outcome));
  }

  /** Waiting for a share and for the cluster take no longer than a claim is held: they share one patience. */
  async #writeInto(region: string, writes: readonly DocumentWrite[], signal: AbortSignal): Promise<RegionOutcome[]> {
    const writer = this.#documents.get(region);
    if (writer === undefined || writes.length === 0) return [];
    const until = this.#clock.monotonic() + this.#patienceMs;
    if ((await this.#share.of(region).room(this.#patienceMs, signal)) > 0) return await writer.write(writes, Math.max(0, until - this.#clock.monotonic()), signal);
    return writes.map(() => ({ kind: 'unavailable', reason: `no share of the region's rate within ${this.#patienceMs} ms: live traffic and searches come first` }));
  }
}
