import type { Sample } from '../../src/rate/window.ts';

/** What decides how much may be in flight: the product's window, or another one that it is compared with. */
export interface Controller {
  readonly size: number;
  observe(sample: Sample): void;
}

export interface ClusterShape {
  /** Operations per ms of one of the `threads`. */
  readonly speed: number;
  readonly threads: number;
  /** What a request costs beside its operations, ms. */
  readonly overheadMs: number;
  /** Operations that may wait; those of a request that finds more are refused, inside a 200. */
  readonly queue: number;
}

/** Something that happens to the cluster from `from` to `until`, ms. */
export interface Episode {
  readonly from: number;
  readonly until: number;
  /** Share of the speed that is left; 0: everything is refused. */
  readonly speed: number;
}

export interface Outcome {
  readonly taken: number;
  readonly refused: number;
  /** Of the requests that were taken, ms. */
  readonly medianMs: number;
  readonly longestMs: number;
  /** Operations taken in each second. */
  readonly perSecond: readonly number[];
  /** The controller's size at the end of each second. */
  readonly sizes: readonly number[];
}

const MOST_BATCH = 5_000;
const LEAST_SENDERS = 2;
const MOST_SENDERS = 4;
/** A sender waits so long after a refusal, as the gate makes it wait. */
const BACK_OFF_MS = 100;
const REFUSED_MS = 2;

/** A lane with endless input against a modelled cluster, in simulated time. */
export function simulate(controller: Controller, shape: ClusterShape, seconds: number, episodes: readonly Episode[] = []): Outcome {
  const free = new Array<number>(shape.threads).fill(0);
  const senders = new Array<number>(LEAST_SENDERS).fill(0);
  const pending: Sample[] = [];
  const perSecond = new Array<number>(seconds).fill(0);
  const sizes = new Array<number>(seconds).fill(0);
  let [taken, refused] = [0, 0];
  const latencies: number[] = [];
  for (;;) {
    const sender = senders.indexOf(Math.min(...senders));
    const now = senders[sender] as number;
    if (now >= seconds * 1_000) break;
    pending.sort((a, b) => a.answeredAt - b.answeredAt);
    while (pending.length > 0 && (pending[0] as Sample).answeredAt <= now) controller.observe(pending.shift() as Sample);
    const wanted = Math.min(MOST_SENDERS, Math.max(LEAST_SENDERS, Math.ceil(controller.size / MOST_BATCH)));
    if (senders.length > wanted) { senders.splice(sender, 1); continue; }
    while (senders.length < wanted) senders.push(now);
    sizes[Math.floor(now / 1_000)] = controller.size;
    const operations = Math.max(1, Math.min(MOST_BATCH, Math.ceil(controller.size / wanted)));
    const speed = speedOf(shape, episodes, now);
    const thread = free.indexOf(Math.min(...free));
    const backlog = free.reduce((sum, until) => sum + Math.max(0, until - now) * speed, 0);
    if (speed === 0 || backlog + operations > shape.queue + shape.threads * MOST_BATCH) {
      refused += operations;
      pending.push({ sentAt: now, answeredAt: now + REFUSED_MS, operations, refused: operations, limited: true });
      senders[sender] = now + REFUSED_MS + BACK_OFF_MS;
      continue;
    }
    const answeredAt = doneAt(shape, episodes, Math.max(now, free[thread] as number) + shape.overheadMs, operations);
    free[thread] = answeredAt;
    pending.push({ sentAt: now, answeredAt, operations, refused: 0, limited: true });
    senders[sender] = answeredAt;
    taken += operations;
    latencies.push(answeredAt - now);
    const second = Math.floor(answeredAt / 1_000);
    if (second < seconds) perSecond[second] = (perSecond[second] as number) + operations;
  }
  latencies.sort((a, b) => a - b);
  return { taken, refused, medianMs: latencies[latencies.length >> 1] ?? 0, longestMs: latencies.at(-1) ?? 0, perSecond, sizes };
}

/** Operations per ms of one thread at a moment. */
function speedOf(shape: ClusterShape, episodes: readonly Episode[], at: number): number {
  return (episodes.find((episode) => at >= episode.from && at < episode.until)?.speed ?? 1) * shape.speed;
}

/** When a thread that begins at `from` has done so many operations: episodes that begin or end meanwhile change its speed. */
function doneAt(shape: ClusterShape, episodes: readonly Episode[], from: number, operations: number): number {
  for (let [at, left] = [from, operations]; ;) {
    const speed = speedOf(shape, episodes, at);
    const next = Math.min(...episodes.flatMap((episode) => [episode.from, episode.until]).filter((edge) => edge > at));
    if (left <= (next - at) * speed) return at + left / speed;
    left -= (next - at) * speed;
    at = next;
  }
}
