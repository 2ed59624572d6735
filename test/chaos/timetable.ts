import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/domain/errors.ts';
import type { Cluster } from './cluster.ts';
import type { Fault } from './faults/fault.ts';
import type { Entry } from './schedule.ts';

/** A server may be out for another fault when this one is to be undone. */
const HEAL_ATTEMPTS = 30;
const HEAL_RETRY_MS = 2_000;

export interface TimetableOptions {
  readonly faults: readonly Fault[];
  readonly onHealed: (kind: string) => void;
  readonly onProgress: (text: string) => void;
  /** Aborted: nothing more is begun, what is going on is undone at once. */
  readonly signal: AbortSignal;
}

/** What was done. */
export interface Done {
  readonly counts: Record<string, number>;
  readonly troubles: string[];
}

/** Does and undoes the faults at their times; resolves when all are over. */
export async function carryOut(cluster: Cluster, entries: readonly Entry[], options: TimetableOptions): Promise<Done> {
  const done: Done = { counts: {}, troubles: [] };
  const started = performance.now();
  const locks = new Locks();
  await Promise.all(entries.map(async (entry) => {
    await pause(started + entry.at * 1_000 - performance.now(), options.signal);
    const fault = options.faults.find(({ kind }) => kind === entry.kind);
    if (fault === undefined) return;
    // An earlier fault can take longer to be undone than was planned: a server starts slowly on a busy machine.
    const release = await locks.take(fault.holds(entry.target));
    try {
      if (!options.signal.aborted) await suffer(cluster, fault, entry, options, done);
    } finally {
      release();
    }
  }));
  return done;
}

async function suffer(cluster: Cluster, fault: Fault, entry: Entry, options: TimetableOptions, done: Done): Promise<void> {
  const { kind, target } = entry;
  options.onProgress(`${kind} on ${target} for ${entry.until - entry.at} s`);
  try {
    await fault.inject(cluster, target);
    done.counts[kind] = (done.counts[kind] ?? 0) + 1;
  } catch (error) {
    done.troubles.push(`${kind} on ${target} at ${entry.at} s could not be done: ${messageOf(error)}`);
  }
  await pause((entry.until - entry.at) * 1_000, options.signal);
  await heal(cluster, fault, target, done);
  options.onHealed(kind);
}

async function heal(cluster: Cluster, fault: Fault, target: string, done: Done): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await fault.heal(cluster, target);
      return;
    } catch (error) {
      if (attempt === HEAL_ATTEMPTS) {
        done.troubles.push(`${fault.kind} on ${target} could not be undone: ${messageOf(error)}`);
        return;
      }
      await sleep(HEAL_RETRY_MS);
    }
  }
}

/** What faults hold at this moment; each thing is given on in the order in which it was asked for. */
class Locks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Resolves when all is free, with how to give it back. */
  async take(things: readonly string[]): Promise<() => void> {
    const before = things.map((thing) => this.#tails.get(thing) ?? Promise.resolve());
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    for (const thing of things) this.#tails.set(thing, held);
    await Promise.all(before);
    return release;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Cut short by the signal, on purpose.
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Everything is as at the beginning again, whatever a fault has left behind. */
export async function healAll(cluster: Cluster): Promise<void> {
  for (const line of cluster.lines.values()) if (line.mode !== 'pass') await line.set('pass');
  for (const answers of cluster.answers.values()) answers.mode = 'pass';
  cluster.surroundings.heal();
  for (const { name, state } of cluster.stack.servers) {
    if (state === 'suspended') await cluster.stack.kill(name, 'SIGCONT');
    if (state === 'died' || state === 'stopped') await cluster.stack.start(name);
  }
  cluster.fleet.start();
}
