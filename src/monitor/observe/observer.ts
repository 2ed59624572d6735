import type { Lane } from '../../domain/lane.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RecordLogAdmin } from '../../ports/record-log.ts';
import type { StateNote } from '../state-notes.ts';
import type { Observation } from './observation.ts';
import { readPositions, type Positions } from './positions.ts';
import { Question } from './question.ts';
import type { RegionLook, RegionObserver } from './region.ts';

const TIMEOUT_MS = 4_000;
const CERTIFICATES_EVERY_MS = 600_000;

export interface ObserverParts {
  readonly lanes: readonly Lane[];
  readonly regions: ReadonlyMap<string, RegionObserver>;
  readonly source: RecordLogAdmin;
  readonly sourceTopics: readonly string[];
  /** Group that reads a region's topics for a lane, and the one that holds a region's position in the source. */
  readonly groupOf: (lane: Lane) => string;
  readonly ingestGroupOf: (region: string) => string;
  /** When certificates end; never rejects. */
  readonly certificates: () => Promise<Observation['certificates']>;
  readonly heartbeats: { readonly everyMs: number; readonly freshnessMs: number };
  readonly clock: Clock;
}

/** Looks at the whole installation; a cluster that does not answer costs its part of the observation, and no more time than the others. */
export class Observer {
  readonly #parts: ObserverParts;
  readonly #source: Question<Positions>;
  readonly #certificates: Question<Observation['certificates']>;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#certificates = new Question({ clock: parts.clock, timeoutMs: TIMEOUT_MS, everyMs: CERTIFICATES_EVERY_MS, ask: parts.certificates });
    const { clock, source, sourceTopics, regions, ingestGroupOf } = parts;
    this.#source = new Question({ clock, timeoutMs: TIMEOUT_MS, ask: () => readPositions(source, sourceTopics, [...regions.keys()].map(ingestGroupOf)) });
  }

  async look(): Promise<Observation> {
    const { lanes, regions, groupOf, ingestGroupOf, heartbeats, clock } = this.#parts;
    const names = [...regions.keys()];
    const [source, certificates, ...looks] = await Promise.all([this.#source.ask(), this.#certificates.ask(), ...[...regions.values()].map((region) => region.look())]);
    const byRegion = new Map(names.map((name, at) => [name, looks[at] as RegionLook]));
    return {
      at: clock.now(),
      lanes: lanes.map((lane) => ({ lane: lane.name, source: lane.source, destination: lane.destination, partitions: byRegion.get(lane.source)?.positions?.get(groupOf(lane)) ?? null })),
      ingest: names.map((region) => ({ region, partitions: source.value?.byGroup.get(ingestGroupOf(region)) ?? null })),
      regions: looks.map((look) => look.facts),
      certificates: certificates.value ?? [],
      heartbeats: { ...heartbeats, partitions: [...(source.value?.byGroup.values() ?? [])][0]?.length ?? null },
      notes: newest(looks.flatMap((look) => look.notes)),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#parts.source.close(), ...[...this.#parts.regions.values()].map((region) => region.close())]);
  }
}

/** What is told in several regions counts once, as it was told last. */
function newest(notes: readonly StateNote[]): StateNote[] {
  const latest = new Map<string, StateNote>();
  for (const note of notes) {
    const key = `${note.lane}\0${note.host}`;
    if ((latest.get(key)?.at ?? -Infinity) < note.at) latest.set(key, note);
  }
  return [...latest.values()];
}
