import type { Stage } from '../domain/failure.ts';
import type { EventEnd } from './record.ts';

/** How the events of one chunk ended, counted in plain numbers. */
export interface Tally {
  events: number;
  /** Source bytes: keys and payloads. */
  bytes: number;
  /** Time from decode to document, ms. */
  ms: number;
  written: number;
  readonly failed: Map<Stage, number>;
  readonly skipped: Map<string, number>;
}

export function emptyTally(): Tally {
  return { events: 0, bytes: 0, ms: 0, written: 0, failed: new Map(), skipped: new Map() };
}

/** Counts one end. */
export function countEnd(tally: Tally, end: EventEnd): void {
  tally.events += 1;
  switch (end.kind) {
    case 'written':
      tally.written += 1;
      return;
    case 'failed':
      tally.failed.set(end.stage, (tally.failed.get(end.stage) ?? 0) + 1);
      return;
    case 'skipped':
      tally.skipped.set(end.reason, (tally.skipped.get(end.reason) ?? 0) + 1);
      return;
    default:
      end satisfies never;
  }
}
