import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { purgeView, type RegionPurge } from '../../control/cli/purge-view.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import type { Config } from '../../config/schema.ts';
import { SluiceError } from '../../domain/errors.ts';
import { ALERTS_INDEX, AUDITS_INDEX, BATCHES_INDEX, FAILURES_INDEX, HEARTBEATS_INDEX } from '../../domain/system-names.ts';
import type { DeleteParts } from '../../purge/delete-documents.ts';
import { purgeOwnIndices, type Retention } from '../../purge/own-indices.ts';
import { purgeTombstones } from '../../purge/tombstones.ts';
import { createLog } from '../../observability/log.ts';
import { openBorrowedRate } from '../borrowed-rate.ts';
import { openRegionSearch } from '../connections.ts';
import { configured, hostOf } from '../configured.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: DAY_MS };

interface PurgeFlags { readonly olderThan?: string; readonly region: string[]; readonly dryRun: boolean }

const HELP = `
Examples:
  sluice purge --dry-run
  sluice purge --older-than 14d

A deleted document stays as a hidden tombstone, so that a late, older write cannot bring it back. What Sluice writes down for itself
(heartbeats, batches, closed failures, alerts, audits) is kept for as long as the configuration says under retention. A failure that is
open, and an alert that stands, are never deleted. Documents are deleted with the share of the caps that loads have (backfill.share).
Run this daily, in either region.`;

/** `sluice purge`: deletes tombstones that no replay can need any more, and what Sluice wrote down for itself long ago. */
export function purgeCommand(): Command {
  return new Command('purge').description('delete tombstones that are older than any record that could still be replayed, and outdated indices of Sluice itself')
    .option('--older-than <age>', 'tombstones: such as 8d or 200h; at least the retention of the topics, which is the default')
    .option('--region <name>', 'only this region; may be repeated', (name: string, names: string[]) => [...names, name], [])
    .option('--dry-run', 'say what would be deleted, delete nothing', false)
    .addHelpText('after', HELP)
    .action((flags: PurgeFlags, self: Command) => act(flags, self));
}

async function act(flags: PurgeFlags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const before = systemClock.now() - ageOf(flags.olderThan, config);
  const regions = flags.region.length > 0 ? flags.region : Object.keys(config.regions);
  const reports: Record<string, RegionPurge> = {};
  await untilStopped(async (signal) => {
    for (const region of regions) {
      reports[region] = await purgeRegion(config, region, before, flags.dryRun, signal);
      if (!json) process.stdout.write(`${purgeView(region, reports[region], flags.dryRun)}\n`);
    }
  });
  if (json) process.stdout.write(`${JSON.stringify({ before: new Date(before).toISOString(), dryRun: flags.dryRun, regions: reports })}\n`);
}

async function purgeRegion(config: Config, region: string, before: number, dryRun: boolean, signal: AbortSignal): Promise<RegionPurge> {
  const cluster = openRegionSearch(config, region);
  const log = createLog({ level: config.log.level, service: 'purge', host: hostOf(config), hostGroup: config.host.group });
  const share = openBorrowedRate(config, new Map([[region, cluster]]), `purge-${randomUUID()}`, log);
  const parts: DeleteParts = { cluster, dryRun, share: share.of(region), clock: systemClock, random: Math.random, timeoutMs: config.processor.requestTimeoutMs };
  try {
    const tombstones = await purgeTombstones(config.pipelines.map((pipeline) => `${config.prefix}${pipeline}-*`), before, parts, signal);
    return { tombstones, ...(await purgeOwnIndices(config.prefix, retentionOf(config), parts, signal)) };
  } finally {
    await share.close().finally(() => cluster.close());
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

function retentionOf({ retention: { heartbeatDays, batchDays, failureDays, alertDays, auditDays } }: Config): Retention {
  const ms = (days: number | null) => (days === null ? null : days * DAY_MS);
  return { [HEARTBEATS_INDEX]: ms(heartbeatDays), [BATCHES_INDEX]: ms(batchDays), [FAILURES_INDEX]: ms(failureDays), [ALERTS_INDEX]: ms(alertDays), [AUDITS_INDEX]: ms(auditDays) };
}
