import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { purgeView, type RegionPurge } from '../../control/cli/purge-view.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import type { Config } from '../../config/schema.ts';
import { messageOf, SluiceError } from '../../domain/errors.ts';
import { replayHorizonMs } from '../../domain/replay-horizon.ts';
import { ALERTS_INDEX, AUDITS_INDEX, BATCHES_INDEX, FAILURES_INDEX, HEARTBEATS_INDEX } from '../../domain/system-names.ts';
import type { SearchCluster } from '../../ports/search-index.ts';
import { NO_DOCUMENTS } from '../../purge/delete-documents.ts';
import { purgeOwnIndices, type Retention } from '../../purge/own-indices.ts';
import { oldestOpenFailure, purgeTombstones, type TombstoneParts } from '../../purge/tombstones.ts';
import { createLog } from '../../observability/log.ts';
import { openBorrowedRate } from '../borrowed-rate.ts';
import { openRegionSearch } from '../connections.ts';
import { configured, hostOf } from '../configured.ts';
import { regionsNamed } from '../redrive.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOTHING_PURGED = { indices: [], kept: [], failures: NO_DOCUMENTS, tombstones: NO_DOCUMENTS };
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: DAY_MS };

interface PurgeFlags { readonly olderThan?: string; readonly region: string[]; readonly dryRun: boolean }

const HELP = `
Examples:
  sluice purge --dry-run
  sluice purge --older-than 30d

A deleted document stays as a hidden tombstone, so that a late, older write cannot bring it back: for as long as a record can be on its
way, a failure of that time is open, or another region still has an older copy. What Sluice writes down for itself
(heartbeats, batches, closed failures, alerts, audits) is kept for as long as the configuration says under retention. A failure that is
open, and an alert that stands, are never deleted. Documents are deleted with the share of the caps that loads have (backfill.share).
Run this daily, in either region.`;

/** `sluice purge`: deletes tombstones that no replay can need any more, and what Sluice wrote down for itself long ago. */
export function purgeCommand(): Command {
  return new Command('purge').description('delete tombstones that are older than any record that could still be replayed, and outdated indices of Sluice itself')
    .option('--older-than <age>', 'tombstones: such as 30d or 400h; at least twice the retention of the topics and a day, which is the default')
    .option('--region <name>', 'only this region; may be repeated', (name: string, names: string[]) => [...names, name], [])
    .option('--dry-run', 'say what would be deleted, delete nothing', false)
    .addHelpText('after', HELP)
    .action((flags: PurgeFlags, self: Command) => act(flags, self));
}

async function act(flags: PurgeFlags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const before = systemClock.now() - ageOf(flags.olderThan, config);
  const regions = regionsNamed(config, flags.region);
  const clusters = new Map(Object.keys(config.regions).map((region) => [region, openRegionSearch(config, region)]));
  const reports: Record<string, RegionPurge> = {};
  try {
    await untilStopped(async (signal) => {
      const purge = { config, clusters, dryRun: flags.dryRun, ...(await tombstoneTime(before, config, clusters, signal)) };
      for (const region of regions) {
        reports[region] = await purgeRegion(region, purge, signal);
        if (!json) process.stdout.write(`${purgeView(region, reports[region], flags.dryRun)}\n`);
      }
      if (json) process.stdout.write(`${JSON.stringify({ before: new Date(purge.before).toISOString(), heldBack: purge.heldBack, dryRun: flags.dryRun, regions: reports })}\n`);
      else if (purge.heldBack !== null) process.stderr.write(`sluice: ${purge.heldBack}\n`);
    });
  } finally {
    await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
  }
  if (Object.values(reports).some(({ problem }) => problem !== null)) process.exitCode = 1;
}

/** From when on tombstones stay: `heldBack` says where that is because of a failure that is still open, or because a region cannot tell of its own. */
async function tombstoneTime(before: number, config: Config, clusters: ReadonlyMap<string, SearchCluster>, signal: AbortSignal): Promise<{ readonly before: number; readonly heldBack: string | null }> {
  try {
    const oldest = await oldestOpenFailure(config.prefix, clusters, signal);
    if (oldest === null || oldest >= before) return { before, heldBack: null };
    return { before: oldest, heldBack: `tombstones from ${new Date(oldest).toISOString().slice(0, 10)} on stay: a failure of that time is still open, and could bring a document back (sluice failures list)` };
  } catch (error) {
    if (!(error instanceof SluiceError) || signal.aborted) throw error;
    return { before: 0, heldBack: `every tombstone stays: ${messageOf(error)}` };
  }
}

interface Purge { readonly config: Config; readonly clusters: ReadonlyMap<string, SearchCluster>; readonly dryRun: boolean; readonly before: number }

async function purgeRegion(region: string, { config, clusters, dryRun, before }: Purge, signal: AbortSignal): Promise<RegionPurge> {
  const cluster = clusters.get(region) as SearchCluster;
  const others = new Map([...clusters].filter(([name]) => name !== region));
  const log = createLog({ level: config.log.level, service: 'purge', host: hostOf(config), hostGroup: config.host.group });
  const share = openBorrowedRate(config, new Map([[region, cluster]]), `purge-${randomUUID()}`, log);
  const parts: TombstoneParts = { cluster, others, dryRun, share: share.of(region), clock: systemClock, random: Math.random, timeoutMs: config.processor.requestTimeoutMs };
  let done: Omit<RegionPurge, 'problem'> = NOTHING_PURGED;
  try {
    done = { ...done, ...(await purgeOwnIndices(config.prefix, retentionOf(config), parts, signal)) };
    done = { ...done, tombstones: await purgeTombstones(config.pipelines.map((pipeline) => `${config.prefix}${pipeline}-*`), before, parts, signal) };
    return { ...done, problem: null };
  } catch (error) {
    if (!(error instanceof SluiceError) || signal.aborted) throw error;
    return { ...done, problem: messageOf(error) };
  } finally {
    await share.close();
  }
}

/** Never shorter than the replay horizon: an old record could bring a document back. */
export function ageOf(text: string | undefined, config: Pick<Config, 'topics'>): number {
  const horizon = replayHorizonMs(config.topics.retentionHours);
  if (text === undefined) return horizon;
  const [, amount, unit] = /^(\d+)([hd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) throw new SluiceError('USAGE', `--older-than ${text}: give hours or days, such as 400h or 30d`);
  const age = Number(amount) * (UNITS[unit] as number);
  if (age < horizon) throw new SluiceError('USAGE', `--older-than ${text} is shorter than the ${horizon / HOUR_MS}h for which a record can still be on its way (twice topics.retentionHours, and a day): a replay could bring deleted documents back`);
  return age;
}

function retentionOf({ retention: { heartbeatDays, batchDays, failureDays, alertDays, auditDays } }: Config): Retention {
  const ms = (days: number | null) => (days === null ? null : days * DAY_MS);
  return { [HEARTBEATS_INDEX]: ms(heartbeatDays), [BATCHES_INDEX]: ms(batchDays), [FAILURES_INDEX]: ms(failureDays), [ALERTS_INDEX]: ms(alertDays), [AUDITS_INDEX]: ms(auditDays) };
}
