import type { Clock } from '../../ports/clock.ts';
import type { RecordLogAdmin } from '../../ports/record-log.ts';
import type { SearchAdmin } from '../../ports/search-index.ts';
import type { StateNote } from '../state-notes.ts';
import type { NoteFollower } from './notes.ts';
import { recentAudits } from './audits.ts';
import type { AuditFacts, BatchFacts, ElasticsearchFacts, FailureCount, PartitionFacts, RegionFacts, TrafficBefore } from './observation.ts';
import { readPositions, type Positions } from './positions.ts';
import { Question } from './question.ts';
import { firstBeat, joined, laneBeats, LONG_WINDOWS, SHORT_WINDOWS, type LaneBeats } from './heartbeats.ts';
import { kindKey, kindsOfWeek, operationsBefore, recentBatches, recentFailures } from './recent.ts';
import { countDocuments, countHours, readHealth, type CountedPipeline } from './search-facts.ts';

const TIMEOUT_MS = 4_000;
/** How long dearer answers are believed, ms. */
const DOCUMENTS_EVERY_MS = 10_000;
const HOURS_EVERY_MS = 30_000;
const WEEK_EVERY_MS = 30_000;
const YESTERDAY_EVERY_MS = 60_000;
const AUDITS_EVERY_MS = 15_000;
const DAYS_OF_WEEK = 7;

export interface RegionParts {
  readonly region: string;
  readonly prefix: string;
  readonly pipelines: readonly CountedPipeline[];
  readonly topics: readonly string[];
  /** The consumer groups that read this region's topics. */
  readonly groups: readonly string[];
  readonly admin: RecordLogAdmin;
  readonly notes: NoteFollower;
  readonly search: SearchAdmin;
  /** Heartbeats that take longer are late, ms. */
  readonly freshnessMs: number;
  readonly everyMs: number;
  /** The stages of a heartbeat's way. */
  readonly stages: readonly string[];
  readonly clock: Clock;
}

/** One look at a region. */
export interface RegionLook {
  readonly facts: RegionFacts;
  /** Null where its Kafka did not answer. */
  readonly positions: ReadonlyMap<string, readonly PartitionFacts[]> | null;
  readonly notes: readonly StateNote[];
}

/** Asks one region's Kafka and Elasticsearch, all at once and none for longer than four seconds. */
export class RegionObserver {
  readonly #parts: RegionParts;
  readonly #positions: Question<Positions>;
  readonly #notes: Question<StateNote[]>;
  readonly #health: Question<ElasticsearchFacts>;
  readonly #batches: Question<BatchFacts[]>;
  readonly #yesterday: Question<Map<string, number>>;
  readonly #lastWeek: Question<Map<string, number>>;
  readonly #beats: Question<LaneBeats[]>;
  readonly #pastBeats: Question<{ readonly beats: LaneBeats[]; readonly first: number | null }>;
  readonly #failures: Question<Omit<FailureCount, 'firstSeen'>[]>;
  readonly #week: Question<Map<string, number>>;
  readonly #documents: Question<Record<string, number>>;
  readonly #hours: Question<Record<string, Record<string, number>>>;
  readonly #audits: Question<AuditFacts[]>;
  #told: { readonly notes: readonly StateNote[]; readonly at: number } = { notes: [], at: 0 };

  constructor(parts: RegionParts) {
    this.#parts = parts;
    const { clock, search, prefix, admin, topics, groups, pipelines } = parts;
    const question = <Value>(ask: () => Promise<Value>, everyMs = 0) => new Question({ clock, timeoutMs: TIMEOUT_MS, everyMs, ask });
    const asking = () => ({ search, prefix, now: clock.now(), timeoutMs: TIMEOUT_MS });
    this.#positions = question(() => readPositions(admin, topics, groups));
    this.#notes = question(() => parts.notes.read());
    this.#health = question(() => readHealth(search, TIMEOUT_MS));
    this.#batches = question(() => recentBatches(asking()));
    this.#yesterday = question(() => operationsBefore(asking(), 1), YESTERDAY_EVERY_MS);
    this.#lastWeek = question(() => operationsBefore(asking(), DAYS_OF_WEEK), YESTERDAY_EVERY_MS);
    const beats = () => ({ ...asking(), freshnessMs: parts.freshnessMs, everyMs: parts.everyMs, stages: parts.stages });
    this.#beats = question(() => laneBeats(beats(), SHORT_WINDOWS));
    this.#pastBeats = question(async () => ({ beats: await laneBeats(beats(), LONG_WINDOWS), first: await firstBeat(beats()) }), WEEK_EVERY_MS);
    this.#failures = question(() => recentFailures(asking()));
    this.#week = question(() => kindsOfWeek(asking()), WEEK_EVERY_MS);
    this.#documents = question(() => countDocuments(search, prefix, pipelines.map(({ name }) => name), TIMEOUT_MS), DOCUMENTS_EVERY_MS);
    this.#hours = question(() => countHours(search, prefix, pipelines, clock.now(), TIMEOUT_MS), HOURS_EVERY_MS);
    this.#audits = question(() => recentAudits(asking()), AUDITS_EVERY_MS);
  }

  async look(): Promise<RegionLook> {
    const [positions, notes, health, batches, yesterday, lastWeek, beats, pastBeats, failures, week, documents, hours, audits] = await Promise.all([
      this.#positions.ask(), this.#notes.ask(), this.#health.ask(), this.#batches.ask(), this.#yesterday.ask(), this.#lastWeek.ask(), this.#beats.ask(), this.#pastBeats.ask(), this.#failures.ask(), this.#week.ask(), this.#documents.ask(), this.#hours.ask(), this.#audits.ask(),
    ]);
    const now = this.#parts.clock.now();
    const facts: RegionFacts = {
      region: this.#parts.region, kafka: positions.value?.kafka ?? null, elasticsearch: health.value, documents: documents.value, hours: hours.value, audits: audits.value,
      problems: { kafka: positions.problem, elasticsearch: health.problem },
      batches: batches.value, before: trafficBefore(yesterday.value, lastWeek.value),
      heartbeats: beats.value === null || pastBeats.value === null ? null : joined(beats.value, pastBeats.value.beats, { since: pastBeats.value.first, until: now - this.#parts.freshnessMs }),
      failures: failures.value?.map((failure) => ({ ...failure, firstSeen: week.value === null ? 0 : week.value.get(kindKey(failure)) ?? now })) ?? null,
    };
    return { facts, positions: positions.value?.byGroup ?? null, notes: this.#aged(notes.value, now) };
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#parts.admin.close(), this.#parts.notes.close()]);
  }

  /** Notes that cannot be read now keep the age that they had when they were read last. */
  #aged(notes: readonly StateNote[] | null, now: number): readonly StateNote[] {
    if (notes !== null) this.#told = { notes, at: now };
    const shift = now - this.#told.at;
    return notes ?? this.#told.notes.map((note) => ({ ...note, at: note.at + shift }));
  }
}

/** Of every lane that was there on either day. */
function trafficBefore(yesterday: ReadonlyMap<string, number> | null, lastWeek: ReadonlyMap<string, number> | null): TrafficBefore[] {
  const of = (day: ReadonlyMap<string, number> | null, lane: string) => (day === null ? null : day.get(lane) ?? 0);
  return [...new Set([...yesterday?.keys() ?? [], ...lastWeek?.keys() ?? []])].map((lane) => ({ lane, dayBefore: of(yesterday, lane), weekBefore: of(lastWeek, lane) }));
}
