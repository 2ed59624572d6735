import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { heartbeatView } from '../../control/cli/heartbeat-view.ts';
import type { Config } from '../../config/schema.ts';
import { SluiceError, messageOf } from '../../domain/errors.ts';
import { lanesBetween } from '../../domain/lane.ts';
import { readBeats, type BeatFigures } from '../../heartbeat/read.ts';
import { beatReport, floor, type LaneDay } from '../../heartbeat/report.ts';
import { BEAT_STAGES } from '../../indexing/heartbeats.ts';
import { openRegionSearch } from '../connections.ts';
import { configured } from '../configured.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const TIMEOUT_MS = 15_000;
const DEFAULT_EVERY_MS = 10_000;
/** Heartbeats younger than this may still be under way, ms. */
const UNDER_WAY_MS = 30_000;

const HELP = `
Examples:
  sluice heartbeats                       the last 24 hours, by lane and day
  sluice heartbeats --since 7d --lane west-east
  sluice heartbeats --json | jq '.days[] | select(.availability < 0.999)'

availability  received ÷ expected: one heartbeat per source partition and interval
lost          another lane has it, this one has not          absent  no lane has it: not emitted, or not taken by ingest
p50 p95 p99   from emitting to indexed                       below: the median of each stage on the way
Heartbeats of the last 30 s are left out. Exit code 1 when a region does not answer.`;

/** `sluice heartbeats`: what became of the heartbeats of all lanes. */
export function heartbeatsCommand(): Command {
  return new Command('heartbeats').description('latency, loss, repeats and availability of every lane and day')
    .option('--since <time>', 'such as 30m, 24h or 7d', '24h').option('--lane <name>', 'only this lane').addHelpText('after', HELP)
    .action((flags: { since: string; lane?: string }, self: Command) => act(flags, self));
}

async function act({ since, lane }: { since: string; lane?: string }, self: Command): Promise<void> {
  const { config: file, json } = globalsOf(self);
  const { config } = await configured(file);
  const { days, problems } = await report(config, lengthOf(since));
  const shown = days.filter((day) => lane === undefined || day.lane === lane);
  process.exitCode = problems.length === 0 ? 0 : 1;
  process.stdout.write(json ? `${JSON.stringify({ ok: problems.length === 0, days: shown, problems })}\n` : `${heartbeatView(shown)}\n`);
  for (const problem of problems) process.stderr.write(`sluice: ${problem}\n`);
}

async function report(config: Config, ms: number): Promise<{ readonly days: LaneDay[]; readonly problems: string[] }> {
  const everyMs = config.heartbeats.everyMs || DEFAULT_EVERY_MS;
  const until = floor(systemClock.now() - UNDER_WAY_MS, everyMs);
  const from = floor(until - ms, everyMs);
  const asked = await Promise.allSettled(Object.keys(config.regions).map((region) => figuresOf(config, region, { from, until })));
  const problems = asked.flatMap((answer) => (answer.status === 'rejected' ? [messageOf(answer.reason)] : []));
  const figures = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return { problems, days: beatReport(figures, lanesBetween(Object.keys(config.regions)).map(({ name }) => name), { from, until, everyMs }) };
}

async function figuresOf(config: Config, region: string, span: { from: number; until: number }): Promise<BeatFigures> {
  const search = openRegionSearch(config, region);
  try {
    return await readBeats(search, config.prefix, BEAT_STAGES, { ...span, timeoutMs: TIMEOUT_MS });
  } finally {
    await search.close();
  }
}

function lengthOf(text: string): number {
  const match = /^(\d+)([mhd])$/.exec(text);
  if (match === null) throw new SluiceError('USAGE', `--since ${text}: a number and m, h or d, such as 24h`);
  return Number(match[1]) * (UNITS[match[2] as string] as number);
}
