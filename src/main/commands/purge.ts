import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import type { Config } from '../../config/schema.ts';
import { SluiceError } from '../../domain/errors.ts';
import { purge, type PurgeReport } from '../../purge/purge.ts';
import { openRegionSearch } from '../connections.ts';
import { configured } from '../configured.ts';

const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS };

interface PurgeFlags { readonly olderThan?: string; readonly region: string[]; readonly dryRun: boolean }

/** `sluice purge`: deletes tombstones that no replay can need any more. */
export function purgeCommand(): Command {
  return new Command('purge').description('delete tombstones that are older than any record that could still be replayed')
    .option('--older-than <age>', 'such as 8d or 200h; at least the retention of the topics, which is the default')
    .option('--region <name>', 'only this region; may be repeated', (name: string, names: string[]) => [...names, name], [])
    .option('--dry-run', 'count, delete nothing', false)
    .addHelpText('after', '\nExamples:\n  sluice purge --dry-run\n  sluice purge --older-than 14d\n\nA deleted document stays as a hidden tombstone, so that a late, older write cannot bring it back. Run this daily, in either region.')
    .action((flags: PurgeFlags, self: Command) => act(flags, self));
}

async function act(flags: PurgeFlags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const before = systemClock.now() - ageOf(flags.olderThan, config);
  const regions = flags.region.length > 0 ? flags.region : Object.keys(config.regions);
  const reports: Record<string, PurgeReport> = {};
  for (const region of regions) {
    reports[region] = await purgeRegion(config, region, before, flags.dryRun);
    if (!json) process.stdout.write(`${region}: ${lineOf(reports[region], flags.dryRun)}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ before: new Date(before).toISOString(), dryRun: flags.dryRun, regions: reports })}\n`);
}

async function purgeRegion(config: Config, region: string, before: number, dryRun: boolean): Promise<PurgeReport> {
  const cluster = openRegionSearch(config, region);
  try {
    const patterns = config.pipelines.map((pipeline) => `${config.prefix}${pipeline}-*`);
    return await purge({ cluster, patterns, before, dryRun, clock: systemClock, random: Math.random, timeoutMs: config.processor.requestTimeoutMs }, new AbortController().signal);
  } finally {
    await cluster.close();
  }
}

/** The replay horizon is at least what the topics keep: a shorter one could let an old record bring a document back. */
export function ageOf(text: string | undefined, config: Pick<Config, 'topics'>): number {
  const horizon = config.topics.retentionHours * HOUR_MS;
  if (text === undefined) return horizon;
  const [, amount, unit] = /^(\d+)([hd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) throw new SluiceError('USAGE', `--older-than ${text}: give hours or days, such as 200h or 8d`);
  const age = Number(amount) * (UNITS[unit] as number);
  if (age < horizon) throw new SluiceError('USAGE', `--older-than ${text} is shorter than the topics keep records (${config.topics.retentionHours}h): a replay could bring deleted documents back`);
  return age;
}

function lineOf({ found, deleted, superseded }: PurgeReport, dryRun: boolean): string {
  return dryRun ? `${found} tombstones would be deleted` : `${deleted} tombstones deleted${superseded > 0 ? `, ${superseded} left to newer documents` : ''}`;
}
