import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOwnerAlive, readOwner } from './ownership.ts';
import type { Endpoints, RunningServer, Stack } from './stack.ts';

const STATE_FILE = 'state.json';

/** What a detached stack says of itself, in its folder. */
export interface StackState {
  readonly pid: number;
  readonly endpoints: Endpoints;
  readonly servers: readonly RunningServer[];
  /** Configuration file for other commands; null when no region is complete. */
  readonly config: string | null;
}

/** Writes the state so that a reader never sees half of it. */
export function writeState(stack: Stack, config: string | null): void {
  const state: StackState = { pid: process.pid, endpoints: stack.endpoints, servers: stack.servers, config };
  const path = join(stack.folder, STATE_FILE);
  writeFileSync(`${path}.part`, JSON.stringify(state, null, 2));
  renameSync(`${path}.part`, path);
}

/** `absent`: nobody runs it. `starting`: its owner lives and has not written a state yet. */
export type FoundStack = { readonly kind: 'absent' } | { readonly kind: 'starting'; readonly pid: number } | { readonly kind: 'running'; readonly state: StackState };

/** Looks for the detached stack of a folder. */
export function findStack(folder: string): FoundStack {
  const owner = readOwner(folder);
  if (owner === undefined || !isOwnerAlive(owner)) return { kind: 'absent' };
  try {
    return { kind: 'running', state: JSON.parse(readFileSync(join(folder, STATE_FILE), 'utf8')) as StackState };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { kind: 'starting', pid: owner.pid };
  }
}
