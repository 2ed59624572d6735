import { Command } from 'commander';
import { colors } from '../../control/cli/colors.ts';
import type { StateNote } from '../../monitor/state-notes.ts';
import { laneRows, stateRows, type LaneReport } from '../../control/cli/lane-report.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { table } from '../../control/cli/table.ts';
import { createLog } from '../../observability/log.ts';
import { configured, hostOf } from '../configured.ts';
import { lagOfIngest, reportLanes, statesOfLanes } from '../lane-reports.ts';

/** `sluice status`: asked of Kafka and Elasticsearch, so it needs no process to be reachable. Exit code 1 when a cluster does not answer. */
export function statusCommand(): Command {
  return new Command('status').description('lag and last batch of every lane, asked of Kafka and Elasticsearch')
    .addHelpText('after', '\nExamples:\n  sluice status\n  sluice status --json | jq \'.lanes[] | select(.lagRecords > 0)\'\n\nEach process also tells its own state at /status, /readyz and /metrics.')
    .action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const log = createLog({ level: config.log.level, service: 'status', host: hostOf(config), hostGroup: config.host.group });
  const [ingest, lanes, states] = await Promise.all([lagOfIngest(config, log), reportLanes(config, log), statesOfLanes(config, log)]);
  const ok = [...ingest, ...lanes].every((report) => report.problem === null);
  process.exitCode = ok ? 0 : 1;
  process.stdout.write(json ? `${JSON.stringify({ ok, ingest, lanes, states })}\n` : `${text(ingest, lanes, states)}\n`);
}

function text(ingest: Awaited<ReturnType<typeof lagOfIngest>>, lanes: readonly LaneReport[], states: readonly StateNote[]): string {
  const heading = ['lane', 'lag', 'last batch', 'records', 'applied', 'superseded', 'rejected', 'host'];
  return [
    table(['ingest to', 'lag'], ingest.map((report) => [report.region, report.lagRecords ?? '?'])),
    '',
    table(heading, laneRows(lanes, Date.now())),
    '',
    table(['lane', 'host', 'state', 'since', 'why'], stateRows(states, Date.now())),
    ...[...ingest, ...lanes].flatMap((report) => (report.problem === null ? [] : [colors.red(report.problem)])),
  ].join('\n');
}
