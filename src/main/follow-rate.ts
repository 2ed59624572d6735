import type { Logger } from 'pino';
import type { LoadNotes } from '../policy/load-notes.ts';
import { followPolicies, policyTopicOf } from '../policy/policy-topic.ts';
import { rateKey, readRatePolicy, type RatePolicy } from '../policy/rate-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog } from '../ports/record-log.ts';

/** How often it is looked whether a load has fallen silent, ms. */
const LOADS_MS = 1_000;

export interface FollowRateOptions {
  readonly source: RecordLog;
  readonly prefix: string;
  /** The region whose rate it is. */
  readonly destination: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears the notes of the loads into that region. */
  readonly loads: LoadNotes;
  readonly onRate: (policy: RatePolicy | null) => void;
  /** What the loads leave to the lanes has changed. */
  readonly onLoads: () => void;
}

/** Follows what is set for a region while it runs, and which loads take a share of it, until the signal fires. */
export async function followRate({ source, prefix, destination, clock, log, loads, onRate, onLoads }: FollowRateOptions, signal: AbortSignal): Promise<void> {
  const following = new RateFollower(rateKey(destination), onRate, log);
  const onPolicy = (key: string, value: Buffer | null): void => {
    if (loads.entry(key, value)) onLoads();
    else following.entry(key, value);
  };
  const onProblem = (problem: string): void => log.debug({ problem }, 'rate not read');
  const policies = followPolicies({ log: source, topic: policyTopicOf(prefix), clock, onPolicy, onCaughtUp: () => following.caughtUp(), onProblem }, signal);
  await Promise.all([policies, watchLoads(loads, clock, onLoads, signal)]);
}

async function watchLoads(loads: LoadNotes, clock: Clock, onLoads: () => void, signal: AbortSignal): Promise<void> {
  let left = loads.left;
  while (!signal.aborted) {
    await clock.sleep(LOADS_MS, signal).catch(() => undefined);
    if (loads.left === left) continue;
    left = loads.left;
    onLoads();
  }
}

/** Applies the last policy of one key: not before all that stand were told, since an old one among them must not hold for a moment. */
class RateFollower {
  readonly #key: string;
  readonly #apply: (policy: RatePolicy | null) => void;
  readonly #log: Logger;
  #latest: RatePolicy | null = null;
  #caughtUp = false;

  constructor(key: string, apply: (policy: RatePolicy | null) => void, log: Logger) {
    this.#key = key;
    this.#apply = apply;
    this.#log = log;
  }

  entry(key: string, value: Buffer | null): void {
    if (key !== this.#key) return;
    const read = value === null ? { policy: null } : readRatePolicy(value);
    if ('problem' in read) return this.#log.error({ key, problem: read.problem }, 'a policy that cannot be read: the one before it holds');
    this.#latest = read.policy;
    if (this.#caughtUp) this.#apply(this.#latest);
  }

  caughtUp(): void {
    if (this.#caughtUp) return;
    this.#caughtUp = true;
    this.#apply(this.#latest);
  }
}
