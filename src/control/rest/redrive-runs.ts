import type { CaseResult } from '../../redrive/outcome.ts';
import type { RedriveReport } from '../../redrive/report.ts';
import type { RedriveHooks } from '../../redrive/redrive.ts';
import { messageOf, SluiceError } from '../../domain/errors.ts';

/** Runs at once in one process. */
export const MAX_RUNNING = 4;
/** Ended runs that are remembered; what they did is told by the failure documents for ever. */
const MAX_REMEMBERED = 100;

export interface RedriveRun {
  readonly id: string;
  readonly by: string;
  /** ISO 8601. */
  readonly started: string;
  ended: string | null;
  state: 'running' | 'stopping' | 'ended' | 'failed';
  /** Cases found and done. */
  cases: number;
  done: number;
  report: RedriveReport | null;
  problem: string | null;
}

export interface RunOptions {
  readonly by: string;
  readonly work: (hooks: RedriveHooks, signal: AbortSignal) => Promise<RedriveReport>;
}

export interface RedriveRunsOptions {
  readonly newId: () => string;
  readonly now: () => number;
  readonly onCase?: (result: CaseResult['kind']) => void;
}

/** The redrives that were started over the API in this process. */
export class RedriveRuns {
  readonly #options: RedriveRunsOptions;
  readonly #runs = new Map<string, { run: RedriveRun; stop: AbortController; ending: Promise<void> }>();
  #done = 0;

  constructor(options: RedriveRunsOptions) {
    this.#options = options;
  }

  /** Cases done by all runs so far. */
  get done(): number { return this.#done; }
  get running(): number { return [...this.#runs.values()].filter(({ run }) => run.ended === null).length; }

  /** Starts a run in the background; null while as many as may run are running. */
  start({ by, work }: RunOptions): RedriveRun | null {
    if (this.running >= MAX_RUNNING) return null;
    const run: RedriveRun = { id: this.#options.newId(), by, started: this.#time(), ended: null, state: 'running', cases: 0, done: 0, report: null, problem: null };
    const stop = new AbortController();
    this.#runs.set(run.id, { run, stop, ending: this.#carry(run, work, stop.signal) });
    this.#forgetOld();
    return run;
  }

  get(id: string): RedriveRun | null { return this.#runs.get(id)?.run ?? null; }
  list(): RedriveRun[] { return [...this.#runs.values()].map(({ run }) => run).reverse(); }

  /** Tells a run to stop after what it has in hand; null where there is none of that id. */
  stop(id: string): RedriveRun | null {
    const entry = this.#runs.get(id);
    if (entry === undefined) return null;
    if (entry.run.ended === null) entry.run.state = 'stopping';
    entry.stop.abort(new Error('stopped over the API'));
    return entry.run;
  }

  /** Stops every run and resolves when all have ended. */
  async close(): Promise<void> {
    for (const id of this.#runs.keys()) this.stop(id);
    await Promise.all([...this.#runs.values()].map(({ ending }) => ending));
  }

  async #carry(run: RedriveRun, work: RunOptions['work'], signal: AbortSignal): Promise<void> {
    try {
      run.report = await work({ onSelected: (cases) => { run.cases = cases; }, onCase: (_, result) => this.#count(run, result) }, signal);
      run.state = 'ended';
    } catch (error) {
      run.state = 'failed';
      run.problem = error instanceof SluiceError ? messageOf(error) : `a bug: ${messageOf(error)}`;
    } finally {
      run.ended = this.#time();
    }
  }

  #count(run: RedriveRun, result: CaseResult): void {
    run.done += 1;
    this.#done += 1;
    this.#options.onCase?.(result.kind);
  }

  #forgetOld(): void {
    for (const [id, { run }] of this.#runs) {
      if (this.#runs.size <= MAX_REMEMBERED) return;
      if (run.ended !== null) this.#runs.delete(id);
    }
  }

  #time(): string {
    return new Date(this.#options.now()).toISOString();
  }
}
