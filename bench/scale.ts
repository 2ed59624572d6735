import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBenchStack, type BenchStack } from './bench-stack.ts';
import { benchDocuments, type BenchDocument } from './documents.ts';
import { BENCH_PIPELINE } from './events.ts';
import { fillTopic } from './fill.ts';
import { kafkaBytesPerRecord } from './kafka-bytes.ts';
import { BENCH_LANE, elasticsearchCpuSeconds, LaneGround, REGION } from './lane-ground.ts';
import { rounded } from './statistics.ts';
import { Team } from './team.ts';

/** Divides evenly among 1, 2, 3, 4 and 6 members. */
export const SCALE_PARTITIONS = 24;
const RUN_LIMIT_MS = 600_000;
const POLL_MS = 250;
const SAMPLE = 2_000;
const PER_MILLION = 1e6;

/** What both benches of scale are told: runs go from one member to `members`. */
export interface MembersOptions {
  readonly stackFile: string | undefined;
  readonly members: number;
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

export interface ScaleOptions extends MembersOptions { readonly documents: number }

/** What one member count gave. CPU is of all members together, without their starts. */
interface Point {
  readonly members: number;
  readonly docsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  /** The same over the second half, for a million operations: everybody has joined and is warm. Means little below a million documents: what is in flight at the half was paid for before. */
  readonly steadyCpuSecondsPerMillion: number;
  /** Steady CPU-seconds of one member ÷ of this many: 1 is flat. */
  readonly docsPerCpuSecondRatio: number;
  /** Operations beyond one a document: what was read again after partitions moved. */
  readonly repeated: number;
  readonly peakRssMiB: number;
  readonly elasticsearchCpuSecondsPerMillion: number;
}

/** One region, and a topic whose partitions divide evenly. */
export async function openScaleStack({ stackFile, say }: MembersOptions): Promise<BenchStack> {
  return await openBenchStack({ stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], topics: { partitions: SCALE_PARTITIONS }, indices: { refreshInterval: '30s' }, kafka: { client: 'platformatic' } }, say });
}

/** One filled topic through 1, 2, … members of one lane; in each run but the first a member is replaced after a quarter. */
export async function benchScale(options: ScaleOptions): Promise<Record<string, unknown>> {
  const { documents, members, say } = options;
  const bench = await openScaleStack(options);
  const ground = new LaneGround(bench.config);
  const args = ['process', '--lane', BENCH_LANE, '--config', bench.configFile];
  try {
    say(`filling ${ground.topic} with ${documents} records`);
    const document = await benchDocuments();
    await fillTopic(bench.config, REGION, document, documents);
    say('warming up');
    await runMembers(ground, new Team(args, options.nodeOptions), 1, documents);
    const points: Point[] = [];
    for (let count = 1; count <= members; count += 1) {
      const point = await runMembers(ground, new Team(args, options.nodeOptions), count, documents);
      points.push({ ...point, docsPerCpuSecondRatio: rounded((points[0] ?? point).steadyCpuSecondsPerMillion / point.steadyCpuSecondsPerMillion, 3) });
      say(show(points.at(-1) as Point));
    }
    const brokers = bench.config.regions[REGION]?.kafka.brokers ?? [];
    return {
      bench: 'scale', documents, partitions: SCALE_PARTITIONS, points,
      documentBytes: rounded(averageBytes(document, documents)),
      indexBytesPerDocument: rounded(await ground.indexBytesPerDocument()), topicBytesPerRecord: rounded(await kafkaBytesPerRecord(brokers, ground.topic, SCALE_PARTITIONS, documents)),
      loadAverage: rounded(loadavg()[0] as number, 2),
    };
  } finally {
    await ground.close();
    await bench.close();
  }
}

async function runMembers(ground: LaneGround, team: Team, members: number, documents: number): Promise<Omit<Point, 'docsPerCpuSecondRatio'>> {
  await ground.fresh();
  const began = Date.now();
  const clusterBefore = await elasticsearchCpuSeconds(ground.search);
  try {
    await team.join(members);
    if (members > 1) {
      await committedAtLeast(ground, documents / 4);
      await team.replaceOne();
    }
    await committedAtLeast(ground, documents / 2);
    const half = { settled: await team.settled(), cpu: team.cpuSeconds() };
    await committedAtLeast(ground, documents);
    const end = { settled: await team.settled(), cpu: team.cpuSeconds() };
    const clusterCpu = (await elasticsearchCpuSeconds(ground.search)) - clusterBefore;
    const peakRssMiB = rounded(team.peakRssMiB(), 0);
    await team.leave();
    const { seconds, applied, superseded } = await ground.settledSince(began);
    return {
      members, docsPerSecond: rounded(documents / seconds, 0), cpuSecondsPerMillion: perMillion(end.cpu, documents),
      steadyCpuSecondsPerMillion: perMillion(end.cpu - half.cpu, end.settled - half.settled),
      repeated: applied + superseded - documents, peakRssMiB, elasticsearchCpuSecondsPerMillion: perMillion(clusterCpu, documents),
    };
  } finally {
    await team.leave();
  }
}

async function committedAtLeast(ground: LaneGround, count: number): Promise<void> {
  for (const limit = Date.now() + RUN_LIMIT_MS; ; await sleep(POLL_MS)) {
    const committed = await ground.committed();
    if (committed >= count) return;
    if (Date.now() > limit) throw new Error(`the lane stood at ${committed} of ${count} documents when its time was over`);
  }
}

function averageBytes(document: (number: number) => BenchDocument, documents: number): number {
  const sample = Math.min(documents, SAMPLE);
  return Array.from({ length: sample }, (_, number) => Buffer.byteLength(document(number).body)).reduce((sum, bytes) => sum + bytes, 0) / sample;
}

function perMillion(seconds: number, documents: number): number {
  return rounded((seconds * PER_MILLION) / documents, 2);
}

function show(point: Point): string {
  return `${point.members} ${point.members === 1 ? 'member' : 'members'}: ${point.docsPerSecond} documents/s, CPU-s per million ${point.cpuSecondsPerMillion} (steady ${point.steadyCpuSecondsPerMillion}), documents per CPU-s ÷ one member ${point.docsPerCpuSecondRatio}, ${point.repeated} repeated, ${point.peakRssMiB} MiB`;
}
