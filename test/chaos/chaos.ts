import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/inputs/generate/random.ts';
import { readReferenceIds, type ReferenceIds } from '../../src/inputs/generate/reference.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { forgetRemovedSoon, REGIONS, startCluster, type Cluster } from './cluster.ts';
import { FAULTS } from './faults/index.ts';
import { stormFaults } from './faults/processes.ts';
import { addressed, Feeder, type Addressed } from './feeder.ts';
import { historyOf, type Sending } from './history.ts';
import { judgeEnd } from './judge.ts';
import { expectedDocuments } from './model.ts';
import { mutationOptions } from './mutations.ts';
import { Findings } from './oracle.ts';
import { RecoveryClock } from './recovery.ts';
import { isSound, type Report } from './report.ts';
import { scheduleOf, stormOf } from './schedule.ts';
import { StandstillClock } from './standstill.ts';
import { carryOut, healAll, type Done } from './timetable.ts';
import { markOf, Watcher, type Mark } from './watcher.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Events per second. */
  readonly rate: number;
  /** Only these kinds of faults; all where null. */
  readonly only: readonly string[] | null;
  /** Nothing but members that join and leave, without a pause. */
  readonly storm: boolean;
  readonly mutation: string | null;
  /** Where logs of the processes go. */
  readonly folder: string;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

const CHECK_MS = 4_000;
const LAG_MS = 1_000;
/** A question to a server that is out must not hold up the next one for long. */
const QUESTION_MS = 8_000;
const LAG_TOLD_EVERY = 10;
/** Records under way in a healthy run: so many seconds of input over six readers. */
const NORMAL_SECONDS = 12;
const QUIET_TIMEOUT_MS = 240_000;
/** A lane that is wrong may never come to the end: it is not waited for as long. */
const QUIET_TIMEOUT_MUTATED_MS = 60_000;
/** In a storm of rebalances nobody who has work may stand still for longer, seconds. */
const STORM_STANDSTILL = 30;
const FLEET = { ingest: 2, primary: 2, secondary: 1 };

/** One whole run: servers, processes, events, faults, quiet, judgement. Rejects only when the run itself could not be done. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const random = new Random(options.seed + 2);
  const cluster = await startCluster({ folder: options.folder, size: FLEET, random: () => random.unit(), onProgress: options.onProgress, signal: options.signal, ...mutationOptions(options.mutation) });
  try {
    const run = new Run(cluster, options, await readReferenceIds(OWN_REFERENCE));
    return await run.run();
  } finally {
    options.onProgress('stopping everything');
    await cluster.close();
  }
}

class Run {
  readonly #cluster: Cluster;
  readonly #options: ChaosOptions;
  readonly #history: () => Generator<Sending>;
  readonly #findings = new Findings();
  readonly #marks: Mark[] = [];
  readonly #watcher: Watcher;
  readonly #recovery: RecoveryClock;
  readonly #standstill = new StandstillClock();
  readonly #over = new AbortController();
  readonly #started = performance.now();

  constructor(cluster: Cluster, options: ChaosOptions, reference: ReferenceIds) {
    const { seed, minutes, rate } = options;
    this.#cluster = cluster;
    this.#options = options;
    this.#history = () => historyOf(reference, { seed, count: Math.round(minutes * 60 * rate), regions: REGIONS });
    this.#watcher = new Watcher(cluster, this.#findings, this.#marks);
    this.#recovery = new RecoveryClock(NORMAL_SECONDS * rate);
  }

  async run(): Promise<Report> {
    this.#cluster.fleet.start();
    const watching = [this.#every(CHECK_MS, () => this.#check()), this.#every(LAG_MS, () => this.#measure())];
    const [done, sent] = await Promise.all([this.#suffer(), this.#feed()]);
    await healAll(this.#cluster);
    const quiet = await this.#untilQuiet();
    this.#over.abort();
    await Promise.all(watching);
    const documents = await this.#judge(sent, quiet);
    await this.#watcher.close();
    return this.#reportOf(done, sent, documents, quiet);
  }

  async #feed(): Promise<number> {
    const feeder = new Feeder({ records: this.#noted(), perSecond: this.#options.rate, log: (name) => this.#cluster.log(name) });
    await feeder.run(this.#options.signal);
    return feeder.taken;
  }

  *#noted(): Generator<Addressed> {
    for (const sending of this.#history()) {
      this.#marks[sending.seq] = markOf(sending);
      yield addressed(sending, this.#cluster.config.prefix);
    }
  }

  async #suffer(): Promise<Done> {
    const { seed, minutes, only, storm, signal, onProgress } = this.#options;
    const faults = storm ? stormFaults : FAULTS.filter(({ kind }) => only === null || only.includes(kind));
    return carryOut(this.#cluster, storm ? stormOf(faults, minutes) : scheduleOf(faults, { seed, minutes }), {
      faults, signal, onProgress: (text) => onProgress(`${this.#second()} s  ${text}`), onHealed: (kind) => this.#recovery.healed(kind, performance.now()),
    });
  }

  /** What can be asked at this moment is judged; what cannot is asked again later. */
  async #check(): Promise<void> {
    const signal = AbortSignal.timeout(QUESTION_MS);
    for (const region of REGIONS) await attempt(forgetRemovedSoon(this.#cluster, region));
    await attempt(this.#watcher.checkIngest(signal));
    await attempt(this.#watcher.checkLanes(false));
  }

  #measurements = 0;

  async #measure(): Promise<void> {
    const asked = performance.now();
    const standings = await attempt(this.#watcher.standings());
    const lag = standings === null ? null : [...standings.values()].reduce((sum, { behind }) => sum + behind, 0);
    if (standings !== null) this.#standstill.measured(standings, asked);
    this.#recovery.measured(lag, asked);
    this.#measurements += 1;
    if (this.#measurements % LAG_TOLD_EVERY === 0) this.#options.onProgress(`${this.#second()} s  ${this.#marks.length} events, ${lag ?? '?'} records to be done, ${this.#findings.counts.earlyCommits} early commits`);
  }

  async #every(ms: number, act: () => Promise<void>): Promise<void> {
    while (!this.#over.signal.aborted) {
      await act();
      await sleep(ms, undefined, { signal: this.#over.signal }).catch(() => undefined);
    }
  }

  async #untilQuiet(): Promise<boolean> {
    const deadline = performance.now() + (this.#options.mutation === null ? QUIET_TIMEOUT_MS : QUIET_TIMEOUT_MUTATED_MS);
    this.#options.onProgress(`${this.#second()} s  healed: waiting until nobody is behind`);
    for (let calm = 0; calm < 2;) {
      if (performance.now() > deadline) return false;
      calm = (await attempt(this.#watcher.lag())) === 0 ? calm + 1 : 0;
      await sleep(LAG_MS);
    }
    this.#recovery.measured(0, performance.now());
    return true;
  }

  async #judge(sent: number, quiet: boolean): Promise<number> {
    this.#options.onProgress(`${this.#second()} s  ${quiet ? 'quiet' : 'not quiet'}: judging`);
    await this.#watcher.checkIngest(AbortSignal.timeout(QUIET_TIMEOUT_MS));
    await this.#watcher.checkLanes(true);
    for (let missing = this.#watcher.seen; missing < sent; missing += 1) this.#findings.add('lost', 'a record that Kafka acknowledged is not in its topic');
    const expected = await expectedDocuments(OWN_REFERENCE, firstOf(this.#history(), sent));
    await judgeEnd(this.#cluster, this.#watcher, expected, this.#findings);
    return expected.size;
  }

  #reportOf(done: Done, events: number, documents: number, quiet: boolean): Report {
    const { seed, minutes, mutation, storm } = this.#options;
    const report = {
      seed, minutes, mutation, events, documents, faults: done.counts, troubles: done.troubles, deaths: this.#cluster.fleet.deaths, quiet,
      ...this.#findings.counts, recoverySeconds: this.#recovery.figures(), guests: this.#cluster.fleet.guests,
      standstill: { ...this.#standstill.longest(), limit: storm ? STORM_STANDSTILL : null }, seconds: this.#second(), examples: this.#findings.examples,
    };
    return { ok: isSound(report), ...report };
  }

  #second(): number { return Math.round((performance.now() - this.#started) / 1_000); }
}

function* firstOf<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let at = 0;
  for (const item of items) {
    if (at >= count) return;
    at += 1;
    yield item;
  }
}

/** Null where nobody answered in time: servers are down on purpose here. */
async function attempt<Value>(question: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => { timer = setTimeout(() => resolve(null), QUESTION_MS); });
  try {
    return await Promise.race([question.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
