import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { sharedBlocks } from '../../backfill/load.ts';
import { writeJson } from '../../backfill/stored-json.ts';
import { verify } from '../../backfill/verify.ts';
import type { VerifiedRegion } from '../../backfill/verify-tally.ts';
import { progressBar } from '../../control/cli/bar.ts';
import { numberOption } from '../../control/cli/feed.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import { verifyView } from '../../control/cli/verify-view.ts';
import type { Config } from '../../config/schema.ts';
import { createLog } from '../../observability/log.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { withRegions, withStore } from '../backfill.ts';
import { openCycle } from '../backfill-load.ts';
import { tellReport } from '../backfill-report.ts';
import { configured, hostOf } from '../configured.ts';
import { regionsNamed } from '../redrive.ts';

const DEFAULT_SAMPLE = 0.05;

interface Flags { readonly sample: number; readonly region: string[] }

/** `sluice backfill verify CYCLE`: every row of the extract against what each region holds. */
export function backfillVerifyCommand(): Command {
  return new Command('verify').description('compare every row of an extract with what each region holds')
    .argument('<cycle>', 'as "plan" named it')
    .option('--sample <s>', 'share of the documents that are compared whole; versions and fingerprints always are', numberOption('a number from 0 to 1', (value) => value >= 0 && value <= 1), DEFAULT_SAMPLE)
    .option('--region <name>', 'only this region; may be repeated', (name: string, names: string[]) => [...names, name], [])
    .addHelpText('after', '\nExamples:\n  sluice backfill verify missed-events-20261109t080000-3f2a9c\n  sluice backfill verify CYCLE --sample 1 --json\n\nTells for each index and day what is missing, older, different or failed, and what somebody superseded with a newer version, and\nwhy that is right. The first hundred of each are listed with file, row group and row.\n\nExit codes: 0 everything is there, 1 something is missing, older, different or failed, 2 bad usage or configuration.')
    .action((cycle: string, flags: Flags, self: Command) => act(cycle, flags, self));
}

async function act(cycle: string, { sample, region }: Flags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const names = regionsNamed(config, region);
  const regions = await withStore(config, (store) => verifyCycle(config, cycle, { store, names, sample }));
  const ok = Object.values(regions).every((one) => one.ok);
  process.stdout.write(json ? `${JSON.stringify({ ok, cycle, sample, regions })}\n` : `${verifyView({ ok, cycle, sample, regions })}\n`);
  if (!ok) process.exitCode = 1;
}

async function verifyCycle(config: Config, cycle: string, { store, names, sample }: { store: ObjectStore; names: readonly string[]; sample: number }): Promise<Record<string, VerifiedRegion>> {
  const log = createLog({ level: config.log.level, service: 'backfill', host: hostOf(config), hostGroup: config.host.group });
  const { parts, pipeline } = await openCycle(config, cycle, store, log);
  const blocks = sharedBlocks(parts, { pipelines: [pipeline], prefix: config.prefix, host: hostOf(config), clock: systemClock });
  const bar = progressBar(process.stderr, () => systemClock.monotonic());
  const verified = await withRegions(config, names, (regions) => untilStopped((signal) => verify({
    ...parts, pipeline, prefix: config.prefix, regions, sample, read: (group) => blocks.read(group),
    onProgress: ({ groups, of, rows }) => bar.show(groups, of, `${rows.toLocaleString('en')} rows`),
  }, signal))).finally(() => bar.end());
  for (const [region, found] of Object.entries(verified)) await writeJson(store, parts.keys.verified(region), { at: new Date(systemClock.now()).toISOString(), sample, ...found });
  await tellReport(config, cycle, store, log);
  return verified;
}
