import type { Stage } from '../domain/failure.ts';
import type { OutgoingRecord } from '../ports/record-log.ts';

/** A record on its way to the regions, with the source record it came from. */
export interface IngestRecord extends OutgoingRecord {
  readonly sourceOffset: number;
  readonly sourceTime: number;
  /** Bytes it holds in memory, framing estimated. */
  readonly bytes: number;
  /** True for a record of the failures topic. */
  readonly failure: boolean;
}

/** What became of one event: exactly one of these. */
export type EventEnd =
  | { readonly kind: 'written'; readonly record: IngestRecord }
  | { readonly kind: 'failed'; readonly stage: Stage; readonly record: IngestRecord }
  | { readonly kind: 'skipped'; readonly reason: string };

/** Estimated memory of the objects around a record's bytes. */
export const RECORD_OVERHEAD = 400;
