import { loadavg } from 'node:os';
import { RETAIL_SALES } from '../src/inputs/replay/read-records.ts';
import { openBenchStack } from './bench-stack.ts';
import { openContest, type ContestOptions } from './contest.ts';
import { BENCH_PIPELINE } from './events.ts';
import { figuresLine, summaryOf, type Figures } from './figures.ts';
import { median, rounded, spreadOf } from './statistics.ts';

export interface LaneOptions extends ContestOptions {
  readonly stackFile: string | undefined;
  readonly rounds: number;
  readonly naive: boolean;
}

type Runner = 'raw' | 'lane' | 'naive';

/** A filled regional topic → index through the real processor, against the raw `_bulk` limit and the naive program, in turn. */
export async function benchLane(options: LaneOptions): Promise<Record<string, unknown>> {
  const { documents, rounds, input, say } = options;
  const bench = await openBenchStack({
    stackFile: options.stackFile, only: ['kafka-west', 'elasticsearch-west'], say,
    overrides: { pipelines: [input === undefined ? BENCH_PIPELINE : RETAIL_SALES], indices: { refreshInterval: '30s' } },
  });
  const contest = await openContest(bench, options);
  try {
    await contest.prepare();
    const runners: Runner[] = options.naive && input === undefined ? ['raw', 'lane', 'naive'] : ['raw', 'lane'];
    const runs: Record<Runner, Figures[]> = { raw: [], lane: [], naive: [] };
    for (let round = 1; round <= rounds; round += 1) {
      for (const runner of runners) {
        const figures = await contest[runner]();
        runs[runner].push(figures);
        say(`round ${round}: ${runner} ${figuresLine(figures)}`);
      }
    }
    return { bench: 'lane', documents, rounds, rawShape: contest.shape, ...Object.fromEntries(runners.map((runner) => [runner, summaryOf(runs[runner])])), ...ratiosOf(runs), loadAverage: rounded(loadavg()[0] as number, 2) };
  } finally {
    await contest.close();
    await bench.close();
  }
}

/** Lane ÷ raw in each round, and the lane's CPU ÷ that of the naive program. */
function ratiosOf({ raw, lane, naive }: Record<Runner, readonly Figures[]>): Record<string, unknown> {
  const ratios = lane.map(({ docsPerSecond }, at) => docsPerSecond / (raw[at] as Figures).docsPerSecond);
  const cpu = (runs: readonly Figures[]): number => median(runs.map((run) => run.cpuSecondsPerMillion));
  return { ratio: rounded(median(ratios), 3), ratioSpread: spreadOf(ratios, 3), ...(naive.length === 0 ? {} : { cpuOfNaive: rounded(cpu(lane) / cpu(naive), 3) }) };
}
