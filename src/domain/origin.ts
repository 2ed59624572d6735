import type { Role } from './lane.ts';

/** Who wrote a document: on every document in every index, under `origin`. */
export interface Origin {
  readonly role: Role | 'backfill' | 'redrive';
  /** Version of the code that wrote it. */
  readonly code: string;
  /** Pool of hosts. */
  readonly host_group: string;
  /** Backfill cycle. */
  readonly cycle?: string;
}

/**
 * The bytes that replace a document's closing brace. A tombstone gets `tombstone_at` (epoch ms) inside its origin, too,
 * so `origin` is the last field and its brace the last but one.
 */
export function originSuffix(origin: Origin): Buffer {
  return Buffer.from(`,"origin":${JSON.stringify(origin)}}`);
}
