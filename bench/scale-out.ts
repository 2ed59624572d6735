import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchDocuments } from './documents.ts';
import { fillTopic } from './fill.ts';
import { BENCH_LANE, LaneGround, REGION } from './lane-ground.ts';
import { openScaleStack, SCALE_PARTITIONS, type MembersOptions } from './scale.ts';
import { setRate } from './set-rate.ts';
import { rounded } from './statistics.ts';
import { Team } from './team.ts';

/** From this part of the warming up on a member is replaced, so that partitions move. */
const REPLACED_AFTER = 0.25;
/** Members that start late find more to do: so much more than they should need lies in the topic. */
const SPARE = 1.25;
/** Less than this part of what they may send, and Elasticsearch was the limit: the point says nothing about the lane. */
const HELD = 0.95;
const PER_MILLION = 1e6;

export interface ScaleOutOptions extends MembersOptions {
  /** Documents a second of each member. */
  readonly rate: number;
  /** Of each measurement, and of the warming up before it. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** What one member count gave. CPU is of all members together. */
interface Point {
  readonly members: number;
  readonly docsPerSecond: number;
  /** False where Elasticsearch did not take what the members may send. */
  readonly held: boolean;
  readonly cpuSecondsPerMillion: number;
  /** Documents per CPU-second ÷ those of one member: 1 is flat. */
  readonly docsPerCpuSecondRatio: number;
  readonly peakRssMiB: number;
}

/** As much work for each member, whatever their number: one lane as 1, 2, … processes at a fixed rate each, so that Elasticsearch is not what is measured; in each run but the first a member is replaced while they warm up. */
export async function benchScaleOut(options: ScaleOutOptions): Promise<Record<string, unknown>> {
  const { members, rate, seconds, warmUpSeconds, nodeOptions, say } = options;
  const bench = await openScaleStack(options);
  const ground = new LaneGround(bench.config);
  const documents = Math.ceil(rate * members * (seconds + warmUpSeconds) * SPARE);
  const lanes = Object.keys(bench.config.regions).length;
  try {
    say(`filling ${ground.topic} with ${documents} records`);
    await fillTopic(bench.config, REGION, await benchDocuments(), documents);
    const points: Point[] = [];
    for (let count = 1; count <= members; count += 1) {
      await ground.fresh();
      await setRate(bench.config, { documentsPerSecond: rate * count * lanes, bytesPerSecond: null, searchFactor: 0 });
      const point = await measured(new Team(['process', '--lane', BENCH_LANE, '--config', bench.configFile], nodeOptions), count, options);
      points.push({ ...point, docsPerCpuSecondRatio: rounded((points[0] ?? point).cpuSecondsPerMillion / point.cpuSecondsPerMillion, 3) });
      say(show(points.at(-1) as Point));
    }
    return { bench: 'scale-out', ratePerMember: rate, seconds, warmUpSeconds, partitions: SCALE_PARTITIONS, points, loadAverage: rounded(loadavg()[0] as number, 2) };
  } finally {
    await ground.close();
    await bench.close();
  }
}

async function measured(team: Team, members: number, { rate, seconds, warmUpSeconds }: ScaleOutOptions): Promise<Omit<Point, 'docsPerCpuSecondRatio'>> {
  const read = async () => ({ at: performance.now(), settled: await team.settled(), cpu: team.cpuSeconds() });
  try {
    await team.join(members);
    await sleep(warmUpSeconds * REPLACED_AFTER * 1_000);
    if (members > 1) await team.replaceOne();
    await sleep(warmUpSeconds * (1 - REPLACED_AFTER) * 1_000);
    const before = await read();
    await sleep(seconds * 1_000);
    const after = await read();
    const settled = after.settled - before.settled;
    const docsPerSecond = (settled * 1_000) / (after.at - before.at);
    return {
      members, docsPerSecond: rounded(docsPerSecond, 0), held: docsPerSecond >= rate * members * HELD,
      cpuSecondsPerMillion: rounded(((after.cpu - before.cpu) * PER_MILLION) / settled, 2), peakRssMiB: rounded(team.peakRssMiB(), 0),
    };
  } finally {
    await team.leave();
  }
}

function show(point: Point): string {
  return `${point.members} ${point.members === 1 ? 'member' : 'members'}: ${point.docsPerSecond} documents/s${point.held ? '' : ' (Elasticsearch took no more)'}, CPU-s per million ${point.cpuSecondsPerMillion}, documents per CPU-s ÷ one member ${point.docsPerCpuSecondRatio}, ${point.peakRssMiB} MiB`;
}
