import { Command } from 'commander';
import { backfillExtractCommand, backfillPlanCommand } from './backfill-prepare.ts';

const HELP = `
A cycle: plan, extract, load, verify. Each step can be repeated; what is done stays done.

Examples:
  sluice backfill plan missed-events --from 2026-11-02 --to 2026-11-08
  sluice backfill extract CYCLE

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.`;

/** `sluice backfill …`: history from the warehouse, through object storage, into every region. */
export function backfillCommand(): Command {
  return new Command('backfill').description('index history from the warehouse, beside live traffic')
    .addHelpText('after', HELP)
    .addCommand(backfillPlanCommand())
    .addCommand(backfillExtractCommand());
}
