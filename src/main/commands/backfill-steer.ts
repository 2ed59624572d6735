import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { writeControl, type Control } from '../../backfill/control.ts';
import { readPlan } from '../../backfill/plan.ts';
import { cycleStatus, cyclesIn, type CycleStatus } from '../../backfill/status.ts';
import { cycleListView, cycleStatusView } from '../../control/cli/backfill-view.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { SluiceError } from '../../domain/errors.ts';
import { cycleKeys, withStore } from '../backfill.ts';
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
