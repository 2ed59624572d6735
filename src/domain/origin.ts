import type { Role } from './lane.ts';

/** Who wrote a document: on every document in every index, under `origin`. */
export interface Origin {
  readonly role: Role | 'backfill' | 'redrive' | 'audit';
  /** Version of the code that wrote it. */
  readonly code: string;
  /** Pool of hosts. */
  readonly host_group: string;
  /** Backfill cycle. */
  readonly cycle?: string;
  /** When a tombstone came, epoch ms; a lane splices it in. */
  readonly tombstone_at?: number;
}

/** Everybody who writes documents. */
export const WRITERS: ReadonlySet<unknown> = new Set<Origin['role']>(['primary', 'secondary', 'backfill', 'redrive', 'audit']);

/**
 * The bytes that replace a document's closing brace. A tombstone gets `tombstone_at` (epoch ms) inside its origin, too,
 * so `origin` is the last field and its brace the last but one.
 */
export function originSuffix(origin: Origin): Buffer {
  return Buffer.from(`,"origin":${JSON.stringify(origin)}}`);
}
