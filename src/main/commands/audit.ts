import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import type { AuditedIndex } from '../../audit/audit.ts';
import { indicesOf } from '../../audit/indices.ts';
import { auditOnce } from '../../audit/run.ts';
import { auditView } from '../../control/cli/audit-view.ts';
import { progressBar } from '../../control/cli/bar.ts';
import { rateOption } from '../../control/cli/feed.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import type { Config } from '../../config/schema.ts';
import { SluiceError } from '../../domain/errors.ts';
import type { AnyPipeline } from '../../domain/pipeline.ts';
import { createLog } from '../../observability/log.ts';
import { openAudit, type AuditOptions } from '../audit.ts';
import { runAudit } from '../audit-service.ts';
import { configured, hostOf, pipelinesOf } from '../configured.ts';

const DEFAULT_RATE = 200;
const DEFAULT_WAIT_S = 60;
const MAX_WAIT_S = 600;
const RECENT_EVERY_MS = 5 * 60_000;
const OLDER_EVERY_MS = 10 * 60_000;
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

interface Flags {
  readonly pipeline: readonly string[];
  readonly repair: boolean;
  readonly deep: boolean;
  readonly rate: number;
  readonly wait: number;
  readonly continuous: boolean;
  readonly recentEvery: number;
  readonly olderEvery: number;
}

const HELP = `
Examples:
  sluice audit                                        every index of every pipeline, no document is changed
  sluice audit sold-items-2026.11.02 --repair         mend one index
  sluice audit --pipeline sold-items --deep --json    read every document, for machines
  sluice audit --continuous --repair --rate 50        until SIGTERM; recent indices every 5 minutes, an older one every 10

What is compared are sums of fingerprints, so that the cost grows with the differences and not with the documents; only
--deep finds what somebody changed by hand without leaving a trace in version or fingerprint. A difference counts once
every lane has brought what was under way; until then it is in flight. A repair writes the newest copy where it is missing
or older, never over anything newer; what was there before stands in the index sluice-audits, as does what was found and not
repaired. Beside live traffic it takes a share of the caps, as a backfill does, and gives way. What is in a failure index is
left to: sluice failures redrive

Exit codes: 0 the regions hold the same, or do now; 1 differences remain, or an index could not be audited; 2 bad usage or configuration.`;

/** `sluice audit`: compares the regions, says why they differ, repairs. */
export function auditCommand(): Command {
  return new Command('audit').description('compare the regions with each other, say where and why they differ, repair')
    .argument('[index...]', 'these indices alone')
    .option('--pipeline <name>', 'indices of this pipeline; may be given several times', collect, [])
    .option('--repair', 'write the newest copy where it is missing or older', false)
    .option('--deep', 'read every document, not only fingerprints', false)
    .option('--rate <n/s>', 'repair at most so many documents a second, out of a share of the caps (backfill.share)', rateOption, DEFAULT_RATE)
    .option('--wait <seconds>', `how long lanes that are behind are waited for (up to ${MAX_WAIT_S})`, waitOption, DEFAULT_WAIT_S)
    .option('--continuous', 'go on until SIGTERM; serves /metrics, /livez and /status', false)
    .option('--recent-every <time>', 'how often indices of the last two days are audited, such as 5m', everyOption, RECENT_EVERY_MS)
    .option('--older-every <time>', 'from one older index to the next, such as 10m', everyOption, OLDER_EVERY_MS)
    .addHelpText('after', HELP)
    .action((indices: string[], flags: Flags, self: Command) => act(indices, flags, self));
}

async function act(names: readonly string[], flags: Flags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const chosen = pipelinesNamed(config, flags.pipeline);
  const options: AuditOptions = { depth: flags.deep ? 'contents' : 'fingerprints', patienceMs: flags.wait * 1_000, repairRate: flags.repair ? flags.rate : null, pipelines: chosen.map(({ name }) => name) };
  if (flags.continuous) {
    const pace = { recentEveryMs: flags.recentEvery, olderEveryMs: flags.olderEvery };
    process.exitCode = await runAudit(config, { options, pace, json, choose: (found) => found.filter(({ index }) => names.length === 0 || names.includes(index)), pipelines: chosen });
    return;
  }
  const report = await untilStopped((signal) => once(config, names, chosen, options, signal));
  process.stdout.write(`${json ? JSON.stringify(report) : auditView(report)}\n`);
  if (!report.ok) process.exitCode = 1;
}

async function once(config: Config, names: readonly string[], chosen: readonly AnyPipeline[], options: AuditOptions, signal: AbortSignal): ReturnType<typeof auditOnce> {
  const log = createLog({ level: 'error', service: 'audit', host: hostOf(config), hostGroup: config.host.group });
  const { parts, close } = openAudit(config, options, log);
  const bar = progressBar(process.stderr, () => systemClock.monotonic());
  try {
    const indices = indicesNamed(await indicesOf(parts.regions.values(), config.prefix, chosen), names);
    return await auditOnce(indices, parts, { onIndex: ({ index }, done, total, { differences }) => bar.show(done, total, `${index}  ${differences} differences so far`) }, signal);
  } finally {
    bar.end();
    await close();
  }
}

function indicesNamed(found: readonly AuditedIndex[], names: readonly string[]): readonly AuditedIndex[] {
  const unknown = names.find((name) => !found.some(({ index }) => index === name));
  if (unknown !== undefined) throw new SluiceError('USAGE', `no region has an index ${unknown} of a pipeline of the configuration`);
  return names.length === 0 ? found : found.filter(({ index }) => names.includes(index));
}

function pipelinesNamed(config: Config, names: readonly string[]): AnyPipeline[] {
  const unknown = names.find((name) => !config.pipelines.includes(name));
  if (unknown !== undefined) throw new SluiceError('USAGE', `there is no pipeline ${unknown} in the configuration; there are ${config.pipelines.join(', ')}`);
  return pipelinesOf(config).filter(({ name }) => names.length === 0 || names.includes(name));
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

function waitOption(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > MAX_WAIT_S) throw new InvalidArgumentError(`expected a whole number from 0 to ${MAX_WAIT_S}.`);
  return value;
}

function everyOption(text: string): number {
  const [, amount, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  const ms = Number(amount) * (UNITS[unit ?? ''] ?? 0);
  if (!(ms > 0)) throw new InvalidArgumentError('expected a time such as 30s, 5m or 1h.');
  return ms;
}
