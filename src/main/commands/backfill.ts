import { Command } from 'commander';
import { backfillLoadCommand } from './backfill-load.ts';
import { backfillAdoptCommand, backfillExtractCommand, backfillPlanCommand } from './backfill-prepare.ts';
import { backfillVerifyCommand } from './backfill-verify.ts';
import { backfillListCommand, backfillShowCommand, backfillStatusCommand, backfillSteerCommand } from './backfill-steer.ts';

const HELP = `
A cycle: plan, extract, load, verify. Each step can be repeated; what is done stays done.

Examples:
  sluice backfill plan missed-events --from 2026-11-02 --to 2026-11-08
  sluice backfill extract CYCLE
  sluice backfill load CYCLE --workers 2
  sluice backfill verify CYCLE
  sluice backfill show CYCLE

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.`;

/** `sluice backfill …`: history from the warehouse, through object storage, into every region. */
export function backfillCommand(): Command {
  return new Command('backfill').description('index history from the warehouse, beside live traffic')
    .addHelpText('after', HELP)
    .addCommand(backfillPlanCommand())
    .addCommand(backfillExtractCommand())
    .addCommand(backfillAdoptCommand())
    .addCommand(backfillLoadCommand())
    .addCommand(backfillVerifyCommand())
    .addCommand(backfillStatusCommand())
    .addCommand(backfillListCommand())
    .addCommand(backfillShowCommand())
    .addCommand(backfillSteerCommand('pause', 'paused', 'let every loader of a cycle finish what it has and wait'))
    .addCommand(backfillSteerCommand('resume', 'running', 'let a paused or cancelled cycle go on'))
    .addCommand(backfillSteerCommand('cancel', 'cancelled', 'end every loader of a cycle; what is done stays done'));
}
