import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { NOT_HELD } from '../../backfill/held-back.ts';
import { HOLDER_WORDS, loadView, type LoadReport, type RegionReport } from '../../control/cli/backfill-view.ts';
import { progressBar } from '../../control/cli/bar.ts';
import { numberOption } from '../../control/cli/feed.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import { SluiceError } from '../../domain/errors.ts';
import { LIVE_SHARE } from '../../policy/load-notes.ts';
import { createLog } from '../../observability/log.ts';
import { withRegions, withStore } from '../backfill.ts';
import { openLoad, type HeldLoad } from '../backfill-load.ts';
import { tellReport } from '../backfill-report.ts';
import { configured, hostOf } from '../configured.ts';
import { startWorkers, type WorkerEnd } from '../load-workers.ts';
import { regionsNamed } from '../redrive.ts';

const MAX_WORKERS = 16;
const SHOW_MS = 200;

interface Flags { readonly workers: number; readonly share?: number; readonly region: string[] }
type Outcome = { readonly end: 'done' | 'cancelled' | 'stopped' | 'broke'; readonly problem: unknown };

/** `sluice backfill load CYCLE`: any number of processes, on any number of hosts, share one cycle. */
export function backfillLoadCommand(): Command {
  return new Command('load').description('index the rows of an extracted cycle into every region')
    .argument('<cycle>', 'as "plan" named it')
    .option('-w, --workers <n>', `processes on this host (up to ${MAX_WORKERS})`, numberOption(`a whole number from 1 to ${MAX_WORKERS}`, (value) => Number.isInteger(value) && value >= 1 && value <= MAX_WORKERS), 1)
    .option('--share <s>', 'of the regions\' caps, which the lanes leave to all loads together (default: backfill.share)', numberOption(`a number above 0, up to ${1 - LIVE_SHARE}`, (value) => value > 0 && value <= 1 - LIVE_SHARE))
    .option('--region <name>', 'only this region; may be repeated', (name: string, names: string[]) => [...names, name], [])
    .addHelpText('after', '\nExamples:\n  sluice backfill load missed-events-20261109t080000-3f2a9c\n  sluice backfill load CYCLE --workers 2        also on several hosts at once\n  sluice backfill load CYCLE --region east      after that region was away\n\nDocuments go in as strictly newer versions: nothing newer, and nothing equal, is overwritten. Stop it at any time and start it\nagain: row groups that are done stay done. The row groups of a killed worker are taken up when its leases have run out.\n\nExit codes: 0 every row group is done in every region, 1 something is left, 2 bad usage or configuration.')
    .action((cycle: string, flags: Flags, self: Command) => act(cycle, flags, self));
}

async function act(cycle: string, flags: Flags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  if (flags.workers > 1 && config.objectStore?.conditionalWrites === 'emulated') throw new SluiceError('USAGE', 'objectStore.conditionalWrites is emulated: several workers would take the same row groups; run one');
  const names = regionsNamed(config, flags.region);
  const log = createLog({ level: config.log.level, service: 'backfill', host: hostOf(config), hostGroup: config.host.group });
  const share = flags.share ?? config.backfill.share;
  const began = systemClock.monotonic();
  const report = await withStore(config, (store) => withRegions(config, names, async (regions) => {
    const { loads, parts, refused, runRates } = await openLoad(config, cycle, store, regions, share, log);
    const args = [...(file === undefined ? [] : ['--config', file]), '--json', 'backfill', 'load', cycle, '--share', String(share), ...names.flatMap((name) => ['--region', name])];
    const { outcomes, workers } = await untilStopped((stop) => beside(runRates, () => runAll(loads, parts.manifest.rows, flags.workers, args, stop)));
    for (const [at, { end, problem }] of outcomes.entries()) if (end === 'broke') log.error({ err: problem }, `the load into ${loads[at]?.region ?? ''} broke off`);
    await tellReport(config, cycle, store, log);
    const broken = outcomes.find(({ end }) => end === 'broke');
    if (broken !== undefined && loads.length === outcomes.filter(({ end }) => end === 'broke').length) throw broken.problem;
    return reportOf(cycle, loads, outcomes, workers, refused, parts.manifest.rows, (systemClock.monotonic() - began) / 1_000);
  }));
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${loadView(report)}\n`);
  if (!report.ok) process.exitCode = 1;
}

/** What goes on beside a load is given so long to end, ms: what it told the lanes runs out by itself, and nobody waits for a connection that does not close. */
const COMPANY_MS = 15_000;

/** Work, and beside it, for as long as it lasts, what goes on without end. */
async function beside<Result>(company: (signal: AbortSignal) => Promise<void>, work: () => Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const going = company(ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await Promise.race([going, systemClock.sleep(COMPANY_MS)]);
  }
}

async function runAll(loads: readonly HeldLoad[], rows: number, workers: number, args: readonly string[], stop: AbortSignal): Promise<{ outcomes: Outcome[]; workers: WorkerEnd[] }> {
  const bar = progressBar(process.stderr, () => systemClock.monotonic());
  const began = systemClock.monotonic();
  const before = loads.reduce((sum, load) => sum + load.doneRows(), 0);
  const timer = setInterval(() => show(bar, loads, rows, before, began), SHOW_MS);
  const others = startWorkers(workers - 1, args, stop);
  try {
    const outcomes = await Promise.all(loads.map((load) => load.run(stop).then((end): Outcome => ({ end, problem: null }), (problem: unknown): Outcome => ({ end: 'broke', problem }))));
    return { outcomes, workers: await Promise.all(others) };
  } finally {
    clearInterval(timer);
    bar.end();
  }
}

function show(bar: ReturnType<typeof progressBar>, loads: readonly HeldLoad[], rows: number, before: number, began: number): void {
  const done = loads.reduce((sum, load) => sum + load.doneRows(), 0);
  const total = rows * loads.length;
  const perSecond = (done - before) / ((systemClock.monotonic() - began) / 1_000);
  const eta = perSecond > 0 ? `, ${Math.ceil((total - done) / perSecond)} s left` : '';
  const kinds = loads.map((load) => {
    const { counts, gate } = load.status();
    const { by } = load.heldBack;
    const held = gate.kind === 'open' ? by === null ? '' : `(held back by ${HOLDER_WORDS[by]}) ` : `${gate.kind} `;
    return `${load.region} ${held}${counts.applied} applied, ${counts.superseded} superseded, ${counts.rejected + counts.refused} failed`;
  });
  bar.show(done, total, `${Math.round(perSecond)}/s${eta}  ${kinds.join('; ')}`);
}

function reportOf(cycle: string, loads: readonly HeldLoad[], outcomes: readonly Outcome[], workers: readonly WorkerEnd[], refused: ReadonlyMap<string, string>, rows: number, seconds: number): LoadReport {
  const regions: Record<string, RegionReport> = {};
  for (const [at, load] of loads.entries()) {
    const { applied, superseded, rejected, refused: unfit } = load.status().counts;
    const own = { applied, superseded, rejected, refused: unfit };
    const all = workers.reduce((sum, { report }) => add(sum, report?.regions?.[load.region] ?? {}), own);
    const { end, problem } = outcomes[at] as Outcome;
    regions[load.region] = { end, doneRows: load.doneRows(), ...all, problem: end === 'broke' ? String(problem) : null, heldBackSeconds: load.heldBack.seconds };
  }
  for (const [region, problem] of refused) regions[region] = { end: 'refused', doneRows: 0, applied: 0, superseded: 0, rejected: 0, refused: 0, problem, heldBackSeconds: NOT_HELD };
  const ok = Object.values(regions).every(({ end }) => end === 'done');
  return { ok, cycle, rows, regions, seconds: Math.round(seconds * 10) / 10 };
}

function add<Counts extends Readonly<Record<string, number>>>(counts: Counts, more: Readonly<Record<string, number>>): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value + (more[name] ?? 0)])) as Counts;
}

