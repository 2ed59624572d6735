import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { measuredIn } from '../../capacity/bench-result.ts';
import type { Line } from '../../capacity/expression.ts';
import { MEASURED, MEASURED_ON, measuredOf, type Measured, type MeasuredKey } from '../../capacity/measured.ts';
import { planCapacity, type Plan } from '../../capacity/plan.ts';
import { givenOf, GIVEN, workloadOf, WORKLOAD, type Figures } from '../../capacity/workload.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { figuresOf, withFigures, type PlanOptions } from '../../control/cli/plan-options.ts';
import { planView } from '../../control/cli/plan-view.ts';
import { messageOf, SluiceError } from '../../domain/errors.ts';

const HELP = `
Examples:
  sluice plan --docs-per-day 20M
  sluice plan --docs-per-day 20M --keep 900d --period day --nodes 146 --hosts 6 --searches 200
  sluice plan --docs-per-day 5M --outage 2d --catch-up 6h --json | jq .summary
  npm run bench -- scale --json | tail -1 > scale.json; sluice plan --docs-per-day 20M --measured scale.json

The plan is of one destination cluster and the lanes into it. Without --measured it counts on figures of
${MEASURED_ON}: measure on machines like yours.
It needs no configuration and no server. docs/capacity.md works a large case through.

Exit codes: 0 done, 1 what was given does not suffice, 2 bad usage.`;

/** `sluice plan`: partitions, hosts, memory, disk, shards and indices, from what is asked and what was measured. */
export function planCommand(): Command {
  const command = new Command('plan').description('calculate partitions, hosts, memory, disk, shards and indices, with the arithmetic shown')
    .option('-m, --measured <file>', 'result of a bench (lane, scale or indices), as JSON; may be given several times', (file: string, files: string[]) => [...files, file], [])
    .option('--inputs', 'print what the plan starts from, too', false);
  return withFigures(command).addHelpText('after', HELP).action((options: PlanOptions, self: Command) => act(options, self));
}

async function act(options: PlanOptions, self: Command): Promise<void> {
  const { workload, missing } = workloadOf(figuresOf(WORKLOAD, options));
  if (missing.length > 0) throw new SluiceError('USAGE', `give ${missing.map(({ flag, about }) => `${flag} (${about})`).join(', ')}: sluice plan --docs-per-day 20M`);
  const plan = planCapacity(workload, givenOf(figuresOf(GIVEN, options)), await measuredFrom(options));
  process.stdout.write(globalsOf(self).json ? `${JSON.stringify(jsonOf(plan))}\n` : `${planView(plan, { inputs: options.inputs })}\n`);
  process.exitCode = plan.ok ? 0 : 1;
}

/** Flags win over files, a later file over an earlier one. */
async function measuredFrom(options: PlanOptions): Promise<Measured> {
  const figures: Record<string, number> = {};
  const from: Partial<Record<MeasuredKey, string>> = {};
  for (const file of options.measured) {
    for (const [key, value] of given(measuredIn(await contentOf(file), file))) [figures[key], from[key]] = [value, `measured: ${file}`];
  }
  for (const [key, value] of given(figuresOf(MEASURED, options))) [figures[key], from[key]] = [value, 'given'];
  return measuredOf(figures, from);
}

function given(figures: Figures<typeof MEASURED>): [MeasuredKey, number][] {
  return Object.entries(figures).filter(([, value]) => value !== undefined) as [MeasuredKey, number][];
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SluiceError('USAGE', `--measured ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function jsonOf({ parts, inputs, sections, findings, ok }: Plan): object {
  const { workload, measured, ...steps } = parts;
  const figures = Object.entries(steps).map(([step, lines]) => [step, valuesOf(lines)]);
  return { ok, summary: Object.fromEntries(figures) as object, inputs, sections, findings };
}

function valuesOf(lines: object): Record<string, number> {
  return Object.fromEntries((Object.entries(lines) as [string, Line][]).map(([name, { value }]) => [name, value]));
}
