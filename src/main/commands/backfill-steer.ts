import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { writeControl, type Control } from '../../backfill/control.ts';
import { keptReport } from '../../backfill/keep-report.ts';
import { readPlan } from '../../backfill/plan.ts';
import type { CycleReport } from '../../backfill/report.ts';
import { cycleStatus, cyclesIn, type CycleStatus } from '../../backfill/status.ts';
import { cycleListView, cycleStatusView } from '../../control/cli/backfill-view.ts';
import { cycleReportView } from '../../control/cli/cycle-report-view.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { SluiceError } from '../../domain/errors.ts';
import type { SearchAdmin } from '../../ports/search-index.ts';
import { cycleKeys, withRegions, withStore } from '../backfill.ts';
import { reportOfCycle } from '../backfill-report.ts';
import { configured, hostOf } from '../configured.ts';

/** `sluice backfill status CYCLE` and `list`: from the object store alone. */
export function backfillStatusCommand(): Command {
  return new Command('status').description('how far a cycle is, region by region').argument('<cycle>')
    .addHelpText('after', '\nExample:\n  sluice backfill status missed-events-20261109t080000-3f2a9c --json')
    .action((cycle: string, _: unknown, self: Command) => showStatus(cycle, self));
}

export function backfillListCommand(): Command {
  return new Command('list').description('every cycle and where it stands')
    .addHelpText('after', '\nExample:\n  sluice backfill list')
    .action((_, self: Command) => list(self));
}

/** `sluice backfill show CYCLE`: its report, made anew; as a region's backfill index holds it where the object store no longer knows the cycle. */
export function backfillShowCommand(): Command {
  return new Command('show').description('the report of a cycle: plan, versions, times, outcomes, failures').argument('<cycle>')
    .addHelpText('after', '\nExample:\n  sluice backfill show missed-events-20261109t080000-3f2a9c --json\n\nThe same report stands in the index sluice-backfills-<year> of every region, written at the end of each load and verify.')
    .action((cycle: string, _: unknown, self: Command) => show(cycle, self));
}

/** `sluice backfill pause|resume|cancel CYCLE`: heard by every loader within `backfill.pollMs`. */
export function backfillSteerCommand(verb: 'pause' | 'resume' | 'cancel', state: Control['state'], about: string): Command {
  return new Command(verb).description(about).argument('<cycle>')
    .addHelpText('after', `\nExample:\n  sluice backfill ${verb} missed-events-20261109t080000-3f2a9c\n\nEvery loader of the cycle, on any host, hears it within backfill.pollMs; what is in flight is settled.`)
    .action((cycle: string, _: unknown, self: Command) => steer(cycle, state, self));
}

async function showStatus(cycle: string, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const status = await withStore(config, (store) => cycleStatus(store, cycleKeys(config, cycle), Object.keys(config.regions)));
  if (status === null) throw new SluiceError('USAGE', `there is no cycle ${cycle}: sluice backfill list shows those that there are`);
  process.stdout.write(json ? `${JSON.stringify({ ok: true, ...status })}\n` : `${cycleStatusView(status)}\n`);
}

async function list(self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const cycles = await withStore(config, async (store) => {
    const found: CycleStatus[] = [];
    for (const cycle of await cyclesIn(store, config.backfill.prefix)) {
      const status = await cycleStatus(store, cycleKeys(config, cycle), Object.keys(config.regions));
      if (status !== null) found.push(status);
    }
    return found;
  });
  process.stdout.write(json ? `${JSON.stringify({ ok: true, cycles })}\n` : `${cycleListView(cycles)}\n`);
}

async function show(cycle: string, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const report = await withStore(config, (store) => withRegions(config, Object.keys(config.regions), async (regions) => (await reportOfCycle(config, cycle, store, regions)) ?? (await firstKept(cycle, config.prefix, regions))));
  if (report === null) throw new SluiceError('USAGE', `there is no cycle ${cycle}: sluice backfill list shows those that there are`);
  process.stdout.write(json ? `${JSON.stringify({ ok: true, report })}\n` : `${cycleReportView(report)}\n`);
}

async function firstKept(cycle: string, prefix: string, regions: ReadonlyMap<string, SearchAdmin>): Promise<CycleReport | null> {
  for (const cluster of regions.values()) {
    const report = await keptReport(cycle, cluster, prefix);
    if (report !== null) return report;
  }
  return null;
}

async function steer(cycle: string, state: Control['state'], self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  await withStore(config, async (store) => {
    const keys = cycleKeys(config, cycle);
    await readPlan(store, keys, cycle);
    await writeControl(store, keys, { state, by: hostOf(config), at: new Date(systemClock.now()).toISOString() });
  });
  process.stdout.write(json ? `${JSON.stringify({ ok: true, cycle, state })}\n` : `${cycle} is ${state}\n`);
}
