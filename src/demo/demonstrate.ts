import { SluiceError, messageOf } from '../domain/errors.ts';
import { demoEvents, type DemoEvents } from './events.ts';
import type { DemoOptions } from './options.ts';
import { prove } from './prove.ts';
import { Run } from './run.ts';
import { feedEvents, untilAllSettled } from './steps.ts';
import { failedVerdict, verdictOf, verdictText, type Verdict } from './verdict.ts';

const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** `npm start`: the whole demonstration; resolves with the exit code when everything it started has stopped. */
export async function demonstrate(options: DemoOptions): Promise<number> {
  const run = new Run(options);
  const unwatch = stopOnSignals(run);
  const outcome = await attempt(run);
  const closed = await run.close().then(() => null, (error: unknown) => error);
  unwatch();
  return conclude(run, outcome, closed);
}

type Outcome = { readonly verdict: Verdict } | { readonly verdict: Verdict | null; readonly error: unknown };

async function attempt(run: Run): Promise<Outcome> {
  let verdict: Verdict | null = null;
  try {
    await run.bringUpServers();
    await run.setUp();
    await run.startProcesses();
    const events = await demoEvents(run.options);
    await feedFirst(run, events);
    verdict = await judge(run, events);
    if (!run.options.once) await goOn(run, events);
    return { verdict };
  } catch (error) {
    // What went wrong first is in the signal; what it broke afterwards is only a consequence.
    return { verdict, error: run.signal.aborted ? run.signal.reason : error };
  }
}

async function feedFirst(run: Run, events: DemoEvents): Promise<void> {
  run.phase('sending events');
  run.startedFeeding = run.clock.monotonic();
  run.show();
  await feedEvents(run, events.first);
  run.signal.throwIfAborted();
  run.phase('waiting until every position has reached the end');
  await untilAllSettled(run);
}

async function judge(run: Run, events: DemoEvents): Promise<Verdict> {
  run.phase('proving: comparing every document of both regions with what is expected');
  const superseded = await run.superseded();
  const expectation = await events.expectation();
  try {
    const proof = await prove(run.config, expectation);
    run.signal.throwIfAborted();
    const verdict = verdictOf(proof, superseded, (run.clock.monotonic() - run.startedFeeding) / 1_000);
    run.screen.say(verdictText(verdict, proof.examples));
    return verdict;
  } finally {
    expectation.close();
  }
}

/** Keeps everything running, and sending where there is more to send, until Ctrl-C. */
async function goOn(run: Run, events: DemoEvents): Promise<void> {
  run.screen.say('Everything keeps running until Ctrl-C.');
  run.total = null;
  run.phase('live, Ctrl-C stops');
  await feedEvents(run, events.further);
  if (!run.signal.aborted) await new Promise((resolve) => run.signal.addEventListener('abort', resolve, { once: true }));
  if (!(run.signal.reason instanceof Interrupted)) throw run.signal.reason;
}

/** One Ctrl-C may arrive more than once, from the terminal and from npm: signals so close together are one, ms. */
const SAME_SIGNAL_MS = 500;

/** Somebody asked for the end. */
class Interrupted extends Error {}

/** The first Ctrl-C drains and stops everything; a second one ends at once (what was started notices and ends by itself). */
function stopOnSignals(run: Run): () => void {
  let asked = 0;
  const onSignal = (name: string): void => {
    if (run.signal.aborted && performance.now() - asked > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
    if (run.signal.aborted) return;
    asked = performance.now();
    run.abort(new Interrupted(`stopped by ${name}`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

/** Says what is left to say; the last line on standard output is the verdict where `--json` was asked for. */
function conclude(run: Run, outcome: Outcome, closed: unknown): number {
  const { json } = run.options;
  const error = 'error' in outcome ? outcome.error : closed;
  const problem = error === null ? null : error instanceof SluiceError || error instanceof Interrupted ? messageOf(error) : `a bug: ${error instanceof Error ? error.stack : String(error)}`;
  if (problem !== null) run.screen.say(`sluice: ${problem}`);
  if (json) process.stdout.write(`${JSON.stringify(problem === null ? outcome.verdict : failedVerdict(outcome.verdict, problem))}\n`);
  if (problem === null) return outcome.verdict?.ok === true ? EXIT.ok : EXIT.failed;
  if (error instanceof SluiceError && (error.code === 'CONFIG_INVALID' || error.code === 'USAGE')) return EXIT.usage;
  return error instanceof Interrupted ? EXIT.interrupted : EXIT.failed;
}
