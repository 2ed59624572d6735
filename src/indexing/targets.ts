import type { VersionType } from '../domain/lane.ts';
import { HEARTBEATS_PIPELINE } from '../domain/system-names.ts';
import { indexNameOf, isIndexName, type Period } from '../domain/index-name.ts';

/** Index names remembered at once; the map starts afresh beyond it. */
const MAX_TARGETS = 4_096;

/** Where a document goes: the index, and the action line up to the id. */
export interface Target {
  readonly index: string;
  /** `{"index":{"_index":"…","version_type":"…","_id":"` */
  readonly indexPrefix: Buffer;
  readonly deletePrefix: Buffer;
  /** Whether an equal version is written again (external_gte). */
  readonly equalWins: boolean;
  /** The latest schema number of its pipeline that this code knows. */
  readonly schema: number;
  /** Heartbeats are stamped on their way. */
  readonly heartbeats: boolean;
}

export interface IndexPattern {
  readonly base: string;
  readonly period: Period;
  readonly schema: number;
}

/**
 * The targets of a lane: pipeline and routing time → index and prebuilt action line. The period of the last document is
 * remembered, since most documents of a batch fall into one.
 */
export class Targets {
  readonly #patterns: ReadonlyMap<string, IndexPattern>;
  readonly #versionType: VersionType;
  readonly #byName = new Map<string, Target>();
  #last: { pipeline: string; day: number; target: Target } | null = null;

  constructor(patterns: ReadonlyMap<string, IndexPattern>, versionType: VersionType) {
    this.#patterns = patterns;
    this.#versionType = versionType;
  }

  /** Null where the pipeline is unknown or the routing time gives no valid index name. */
  of(pipeline: string, routingTime: number): Target | null {
    const day = Math.floor(routingTime / 86_400_000);
    if (this.#last !== null && this.#last.day === day && this.#last.pipeline === pipeline) return this.#last.target;
    const target = this.#find(pipeline, routingTime);
    if (target !== null) this.#last = { pipeline, day, target };
    return target;
  }

  #find(pipeline: string, routingTime: number): Target | null {
    const pattern = this.#patterns.get(pipeline);
    if (pattern === undefined || Math.abs(routingTime) > 8.64e15) return null;
    const year = new Date(routingTime).getUTCFullYear();
    if (year < 0 || year > 9_999) return null;
    const index = indexNameOf(pattern.base, pattern.period, routingTime);
    return this.#byName.get(index) ?? this.#add(index, pattern.schema, pipeline === HEARTBEATS_PIPELINE);
  }

  #add(index: string, schema: number, heartbeats: boolean): Target | null {
    if (!isIndexName(index)) return null;
    if (this.#byName.size >= MAX_TARGETS) this.#byName.clear();
    const rest = `{"_index":${JSON.stringify(index)},"version_type":"${this.#versionType}","_id":"`;
    const target: Target = { index, indexPrefix: Buffer.from(`{"index":${rest}`), deletePrefix: Buffer.from(`{"delete":${rest}`), equalWins: this.#versionType === 'external_gte', schema, heartbeats };
    this.#byName.set(index, target);
    return target;
  }
}
