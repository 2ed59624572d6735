import { messageOf } from '../domain/errors.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import { assemble, type IngestMachine, type IngestParts } from './assemble.ts';
import { beginsBelow, chunksOf } from './chunks.ts';
import { closeAll } from './close.ts';
import { exposeGauges } from './metrics.ts';
import { every } from './every.ts';
import { type IngestStatus, regionStatus } from './status.ts';

const POLL_WAIT_MS = 250;
const LAG_INTERVAL_MS = 2_000;
const LAGGARD_INTERVAL_MS = 200;

export interface Ingest {
  /** Carries events until aborted, then drains: resolves when everything is closed, rejects on what must not happen. */
  run(signal: AbortSignal): Promise<void>;
  status(): IngestStatus;
  /** Ends `run` and resolves when it has drained. Safe to call twice. */
  close(): Promise<void>;
}

/** MAP 1: event → decode → enrich → document → dual-write. One shared reading; each region has a position of its own. */
export function createIngest(parts: IngestParts): Ingest {
  const stopping = new AbortController();
  let fatal: { error: unknown } | null = null;
  const fail = (error: unknown): void => { fatal ??= { error }; stopping.abort(error); };
  const machine = assemble(parts, fail);
  const status = (): IngestStatus => statusOf(machine);
  let running: Promise<void> = Promise.resolve();
  exposeGauges(parts.registry, { enrich: machine.context.meter, budgetBytes: () => status().budget.inUseBytes, regions: () => status().regions });

  async function run(): Promise<void> {
    await Promise.all(loopsOf(machine, stopping.signal).map((loop) => loop.catch(fail)));
    await closeAll(machine);
    if (fatal !== null) throw fatal.error;
  }

  return {
    run(signal) {
      const stop = (): void => { stopping.abort(signal.reason); };
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      running = run().finally(() => { signal.removeEventListener('abort', stop); });
      return running;
    },
    status,
    async close() {
      stopping.abort();
      await running;
    },
  };
}

/** Everything that goes on at the same time. */
function loopsOf(machine: IngestMachine, signal: AbortSignal): Promise<void>[] {
  const { clock, settings } = machine.parts;
  return [
    readShared(machine, signal),
    ...machine.regions.map(({ catchUp }) => catchUp.run(signal)),
    every(settings.commitIntervalMs, clock, signal, () => machine.commits.commit()),
    every(LAGGARD_INTERVAL_MS, clock, signal, async () => { machine.dualWrite.cutLaggards(); }),
    every(LAG_INTERVAL_MS, clock, signal, () => machine.lag.sample()),
  ];
}

/** The shared reading: poll, and carry each block. */
async function readShared(machine: IngestMachine, signal: AbortSignal): Promise<void> {
  const { source, dualWrite, budget, fetchBytes, parts } = machine;
  try {
    await Promise.race([source.start(), aborted(signal)]);
    while (!signal.aborted) {
      source.unpark((head) => dualWrite.hasTaker({ ...head, from: head.offset }));
      await budget.acquire(fetchBytes, signal);
      const blocks = await pollInto(machine);
      for (const received of blocks) await carry(machine, received, signal);
      const count = blocks.reduce((sum, { block }) => sum + block.count, 0);
      if (count > 0 && count < parts.settings.batchRecords) await parts.clock.sleep(parts.settings.lingerMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    if (error !== signal.reason) parts.log.warn({ detail: messageOf(error) }, 'reading ended while stopping');
  }
}

/** Resolves when aborted: joining a group whose cluster is gone takes for ever. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => { resolve(); }, { once: true });
  });
}

/** A block, with the assignment of its partition that it was received under: when its turn comes, there may be another. */
interface Received {
  readonly block: RecordBlock;
  readonly assignment: number | null;
}

/** Polls under `fetchBytes` that are held already, then holds what really came. */
async function pollInto({ source, heads, budget, fetchBytes }: IngestMachine): Promise<Received[]> {
  try {
    const blocks = await source.poll(fetchBytes, POLL_WAIT_MS);
    for (const block of blocks) budget.take(block.bytes);
    return blocks.map((block) => ({ block, assignment: heads.get(block)?.assignment ?? null }));
  } finally {
    budget.release(fetchBytes);
  }
}

/** One block: its events become chunks of records (decode → enrich → document), each chunk goes to every region in step. */
async function carry(machine: IngestMachine, { block, assignment }: Received, signal: AbortSignal): Promise<void> {
  const { heads, dualWrite, source, routes, limits, context, metrics, budget } = machine;
  const head = heads.get(block);
  const route = routes.get(block.topic);
  try {
    if (head === undefined || head.assignment !== assignment || route === undefined) return;
    if (beginsBelow(block, head.offset)) return source.restart({ ...head, offset: block.offset(0) });
    if (!dualWrite.hasTaker({ ...head, from: head.offset })) return source.park(head);
    const wanted = { assignment: head.assignment, from: head.offset, until: Number.MAX_SAFE_INTEGER };
    for await (const chunk of chunksOf(block, wanted, route, limits, context)) {
      if (signal.aborted) return;
      if (!dualWrite.write(chunk)) return source.park(head);
      metrics.chunk(route.pipeline.name, chunk.tally, true);
    }
  } finally {
    budget.release(block.bytes);
  }
}

function statusOf({ regions, lag, budget, catchUpBudget, consumer }: IngestMachine): IngestStatus {
  const { connected, assigned, lastError } = consumer.health();
  return {
    regions: regions.map(({ writer, since }) => regionStatus(writer, lag, since())),
    budget: { limitBytes: budget.limit + catchUpBudget.limit, inUseBytes: budget.inUse + catchUpBudget.inUse },
    source: { connected, assigned: assigned.length, lastError },
  };
}
