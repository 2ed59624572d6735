import { setTimeout as sleep } from 'node:timers/promises';
import { sourceTopicOf } from '../src/domain/pipeline.ts';
import { memberGroup, positionGroup } from '../src/ingest/groups.ts';
import type { IngestStatus } from '../src/ingest/status.ts';
import { startChild, type Child } from './child.ts';
import { BENCH_PIPELINE, saleEvents } from './events.ts';
import { openRegionStack, REGIONS, type RegionStack } from './region-stack.ts';
import { median, rounded, spreadOf } from './statistics.ts';

const SEND_RECORDS = 2_000;
const SAMPLE_MS = 50;
/** This share of the events goes through before anything is cut or measured. */
const WARM_UP = 0.2;
/** Given up after so long without the end, ms. */
const LIMIT_MS = 600_000;
/** A healthy region may lose this share of its rate to the other one's outage. */
const MAX_LOSS = 0.05;
const MIB = 1024 * 1024;
/** What Node, the modules, the lookups and buffers that wait for their collection take, beside what ingest holds. */
const BASE_MIB = 210;
/** Node's default for objects that have just been made: three spaces of 16 MiB. */
const YOUNG_MIB = 48;
/** Heap for older objects: small on purpose. */
const HEAP_MIB = 96;

type Region = (typeof REGIONS)[number];

export interface RegionLossOptions {
  readonly events: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/**
 * How fast ingest serves a region while the other one's Kafka takes connections and answers nothing, against both
 * healthy. The line is cut in the middle of the work, so that noticing it counts, too.
 */
export async function benchRegionLoss({ events, rounds, say }: RegionLossOptions): Promise<Record<string, unknown>> {
  const stack = await openRegionStack(say);
  const rates = { both: new Map<Region, number[]>(), cut: new Map<Region, number[]>() };
  const peaks: number[] = [];
  const stalls: number[] = [];
  try {
    say(`filling the source with ${events} events`);
    await fill(stack, events);
    for (let round = 1; round <= rounds; round += 1) {
      for (const cut of [null, ...REGIONS]) {
        const run = await measure(stack, events, cut);
        for (const [region, rate] of run.rates) note(cut === null ? rates.both : rates.cut, region, rate);
        peaks.push(run.peakMiB);
        if (cut !== null) stalls.push(run.stallMs);
        say(`round ${round}, ${cut === null ? 'both healthy' : `${cut} cut`}: ${[...run.rates].map(([region, rate]) => `${region} ${Math.round(rate)} events/s`).join(', ')}; peak ${Math.round(run.peakMiB)} MiB`);
      }
    }
  } finally {
    await stack.close();
  }
  const regions = Object.fromEntries(REGIONS.map((region) => [region, comparison(rates.both.get(region) ?? [], rates.cut.get(region) ?? [])]));
  const [peakMiB, boundMiB] = [rounded(Math.max(...peaks)), BASE_MIB + YOUNG_MIB + HEAP_MIB + stack.config.ingest.inFlightBytes / MIB];
  return { bench: 'region-loss', events, rounds, regions, longestStandstillMs: Math.max(...stalls), peakMiB, boundMiB, ok: peakMiB <= boundMiB && Object.values(regions).every(({ ratio }) => ratio >= 1 - MAX_LOSS) };
}

function comparison(both: readonly number[], cut: readonly number[]): { bothHealthy: unknown; otherCut: unknown; ratio: number } {
  return { bothHealthy: spreadOf(both, 0), otherCut: spreadOf(cut, 0), ratio: rounded(median(cut) / median(both), 3) };
}

function note(rates: Map<Region, number[]>, region: Region, rate: number): void {
  rates.set(region, [...(rates.get(region) ?? []), rate]);
}

async function fill({ source, config }: RegionStack, count: number): Promise<void> {
  const producer = source.producer({ compression: 'lz4', deliveryTimeoutMs: 60_000 });
  const topic = sourceTopicOf(config.prefix, BENCH_PIPELINE);
  const events = await saleEvents(count);
  for (let from = 0; from < events.length; from += SEND_RECORDS) await producer.send(events.slice(from, from + SEND_RECORDS).map(({ key, value }) => ({ topic, key, value })));
  await producer.close();
}

interface Run {
  readonly rates: Map<Region, number>;
  /** The longest time without an acknowledged event in a region that is not cut. */
  readonly stallMs: number;
  readonly peakMiB: number;
}

/** One process from the first event to the last, for the regions that are not cut: events per second, the warm-up left out. */
async function measure(stack: RegionStack, events: number, cut: Region | null): Promise<Run> {
  await rewind(stack);
  const child = await startChild(['ingest', '--config', stack.configFile], [`--max-old-space-size=${HEAP_MIB}`]);
  try {
    const healthy = REGIONS.filter((region) => region !== cut);
    await until(async () => [...(await settledOf(child)).values()].every((settled) => settled >= events * WARM_UP));
    const began = performance.now();
    const before = await settledOf(child);
    if (cut !== null) await stack.lines.get(cut)?.set('black-hole');
    const rates = new Map<Region, number>();
    const stall = new Standstill();
    await until(async () => {
      const settled = await settledOf(child);
      for (const region of healthy) {
        stall.saw(region, settled.get(region) ?? 0);
        if (rates.has(region) || (settled.get(region) ?? 0) < events) continue;
        rates.set(region, ((events - (before.get(region) ?? 0)) * 1_000) / (performance.now() - began));
      }
      return rates.size === healthy.length;
    });
    return { rates, stallMs: stall.longestMs, peakMiB: child.peakRssMiB() };
  } finally {
    if (cut !== null) await stack.lines.get(cut)?.set('pass');
    await child.stop();
  }
}

class Standstill {
  longestMs = 0;
  readonly #moved = new Map<Region, { settled: number; at: number }>();

  saw(region: Region, settled: number): void {
    const now = performance.now();
    const moved = this.#moved.get(region);
    if (moved === undefined || settled !== moved.settled) this.#moved.set(region, { settled, at: now });
    else this.longestMs = Math.max(this.longestMs, Math.round(now - moved.at));
  }
}

/** Every region begins at the first event again. */
async function rewind({ source, config }: RegionStack): Promise<void> {
  const admin = source.admin();
  const ranges = await admin.ranges([sourceTopicOf(config.prefix, BENCH_PIPELINE)]);
  const positions = ranges.map(({ topic, partition, earliest }) => ({ topic, partition, offset: earliest }));
  for (const group of [memberGroup(config.prefix), ...REGIONS.map((region) => positionGroup(config.prefix, region))]) {
    await until(() => admin.setCommitted(group, positions).then(() => true, () => false));
  }
  await admin.close();
}

/** Events that each region has acknowledged. */
async function settledOf(child: Child): Promise<Map<string, number>> {
  const { parts } = (await (await fetch(new URL('/status', child.url))).json()) as { parts: { ingest: IngestStatus } };
  return new Map(parts.ingest.regions.map(({ region, partitions }) => [region, partitions.reduce((sum, { settled }) => sum + settled, 0)]));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`not done after ${LIMIT_MS / 1_000} s`);
    await sleep(SAMPLE_MS);
  }
}
