import { Pacer } from '../inputs/pacing.ts';
import { leadOf, type Case } from './case.ts';
import { Claims, type Held, type HeldCase } from './claims.ts';
import { chunksOf } from './chunks.ts';
import type { FailureState } from './failure.ts';
import type { FailureStore } from './failure-store.ts';
import type { FailureFilter } from './filter.ts';
import { endOf, resultOf, type CaseResult, type RegionOutcomes } from './outcome.ts';
import { storesOf, type RedriveParts } from './parts.ts';
import type { Transform } from './patch.ts';
import { planCase, type Plan, type Planned } from './plan.ts';
import { Conversion } from './plan-event.ts';
import { newReport, type RedriveReport } from './report.ts';
import { select, withAllCopies } from './select.ts';
import { isClaimed, isFree } from './transition.ts';
import { Writers } from './writers.ts';

export interface RedriveRequest {
  readonly filter: FailureFilter;
  /** Regions whose failures are meant and whose indices are written to; every region in the ordinary case. */
  readonly regions: readonly string[];
  readonly transform: Transform | null;
  readonly raiseEpoch: boolean;
  /** Cases a second; null for as fast as it goes. */
  readonly rate: number | null;
  /** Most failure documents of this run. */
  readonly limit: number;
  /** How long a cluster in trouble is waited for, ms; then the run stops. */
  readonly patienceMs: number;
  readonly by: string;
}

export interface RedriveHooks {
  /** Told of every case, once. */
  readonly onCase?: (one: Case, result: CaseResult) => void;
  readonly onSelected?: (cases: number) => void;
}

/**
 * Sends what failed once more: select → plan → claim → write → end, chunk by chunk. Progress is the state of the failure
 * documents alone, so a run that was stopped goes on by being started again. Rejects with SluiceError where a cluster
 * that it reads from does not answer; what it had claimed then runs out by itself.
 */
export async function redrive(request: RedriveRequest, parts: RedriveParts, hooks: RedriveHooks, signal: AbortSignal): Promise<RedriveReport> {
  const run = new Run(request, parts, hooks, signal);
  try {
    await run.all();
  } finally {
    await run.close();
  }
  return run.report;
}

/** The states that a run starts from; claims that ran out are found under `redriving`. */
export function statesOf(filter: FailureFilter): readonly FailureState[] {
  return filter.states ?? ['open'];
}

class Run {
  readonly report = newReport();
  readonly #request: RedriveRequest;
  readonly #parts: RedriveParts;
  readonly #hooks: RedriveHooks;
  readonly #signal: AbortSignal;
  readonly #stores: readonly FailureStore[];
  readonly #claims: Claims;
  readonly #conversion: Conversion;
  readonly #writers: Writers;
  readonly #started: number;
  readonly #pacer: Pacer;

  constructor(request: RedriveRequest, parts: RedriveParts, hooks: RedriveHooks, signal: AbortSignal) {
    this.#request = request;
    this.#parts = parts;
    this.#hooks = hooks;
    this.#signal = signal;
    this.#stores = storesOf(parts, request.regions);
    this.#claims = new Claims(this.#stores, request.by, parts.newId(), parts.clock);
    this.#conversion = new Conversion(parts);
    this.#writers = new Writers(parts, request.regions, request.patienceMs);
    this.#started = parts.clock.monotonic();
    this.#pacer = new Pacer(request.rate === null ? { kind: 'unlimited' } : { kind: 'rate', perSecond: request.rate });
  }

  async all(): Promise<void> {
    const filter = { ...this.#request.filter, states: [...new Set([...statesOf(this.#request.filter), 'redriving' as const])] };
    const selection = await select(this.#stores, filter, this.#request.limit);
    this.report.begin(selection);
    this.#hooks.onSelected?.(selection.cases.length);
    for (const chunk of chunksOf(selection.cases, this.#request.rate)) {
      if (this.#signal.aborted || this.report.stopped !== null) break;
      await this.#pace(chunk.length);
      if (!this.#signal.aborted) await this.#chunk(chunk);
    }
    if (this.#signal.aborted) this.report.stop('stopped by the operator');
  }

  async close(): Promise<void> {
    await this.#writers.close();
  }

  async #chunk(selected: readonly Case[]): Promise<void> {
    const free = await this.#free(selected);
    const planned: Planned[] = [];
    for (const one of free) planned.push(await planCase(one, this.#request, this.#conversion, this.#parts));
    const due = planned.filter((one) => one.plan.kind !== 'skipped');
    for (const one of planned) if (one.plan.kind === 'skipped') this.#tell(one.case, { kind: 'skipped' });
    const claimed = await this.#claims.claim(due.map((one) => one.case), this.#signal);
    const plans = new Map(due.map((one) => [one.case.key, one]));
    for (const one of due) if (!claimed.some((held) => held.case.key === one.case.key)) this.#tell(one.case, { kind: 'taken' });
    await this.#carry(claimed.map((held) => ({ held, planned: plans.get(held.case.key) as Planned })));
  }

  /** The cases with all their copies that may be worked on now, their leads with payloads. */
  async #free(selected: readonly Case[]): Promise<Case[]> {
    const now = this.#parts.clock.now();
    const states = statesOf(this.#request.filter);
    const found = new Map((await withAllCopies(selected, this.#stores)).map((one) => [one.key, one]));
    const free: Case[] = [];
    for (const one of selected) {
      const current = found.get(one.key);
      if (current?.copies.some((copy) => isClaimed(copy, now)) === true) this.#tell(one, { kind: 'taken' });
      else {
        const copies = current?.copies.filter((copy) => isFree(copy, states, now)) ?? [];
        if (copies.length === 0) this.#tell(one, { kind: 'gone' });
        else free.push({ ...one, copies });
      }
    }
    return await this.#withPayloads(free);
  }

  async #withPayloads(cases: readonly Case[]): Promise<Case[]> {
    const states = statesOf(this.#request.filter);
    const leads = (await Promise.all(this.#stores.map((store) => store.read(cases.map(leadOf).filter((lead) => lead.region === store.region))))).flat();
    return cases.flatMap((one) => {
      const lead = leads.find(({ region, index, id }) => region === leadOf(one).region && index === leadOf(one).index && id === leadOf(one).id);
      if (lead !== undefined && isFree(lead, states, this.#parts.clock.now())) return [{ ...one, copies: [lead, ...one.copies.slice(1)] }];
      this.#tell(one, { kind: 'gone' });
      return [];
    });
  }

  /** From here on the claims are ours: whatever happens, they are ended or given back. */
  async #carry(work: readonly { readonly held: HeldCase; readonly planned: Planned }[]): Promise<void> {
    const all = work.flatMap(({ held }) => held.held);
    try {
      const outcomes = await this.#writers.write(work.map(({ held, planned }) => ({ case: held.case, plan: planned.plan, patched: planned.change !== null })), this.#signal);
      this.report.cameBack(await this.#claims.end(work.flatMap(({ held, planned }, at) => endingsOf(held, planned.plan, outcomes[at] as RegionOutcomes)), new AbortController().signal));
      work.forEach(({ held, planned }, at) => this.#tell(held.case, resultOfPlan(planned.plan, outcomes[at] as RegionOutcomes)));
    } catch (error) {
      const problem = await this.#claims.release(all, 'the run stopped before it was known what became of it');
      if (problem !== null) this.#parts.log.warn({ problem }, 'claims could not be given back; they run out by themselves');
      if (!this.#signal.aborted) throw error;
    }
  }

  async #pace(cases: number): Promise<void> {
    let due = 0;
    for (let at = 0; at < cases; at += 1) {
      const next = this.#pacer.due(null);
      if (at === 0) due = next;
    }
    const wait = this.#started + due - this.#parts.clock.monotonic();
    if (wait <= 0) return;
    await this.#parts.clock.sleep(wait, this.#signal).catch((error: unknown) => {
      if (!this.#signal.aborted) throw error;
    });
  }

  #tell(one: Case, result: CaseResult): void {
    this.report.add(one, result);
    this.#hooks.onCase?.(one, result);
  }
}

function endingsOf({ case: one, held }: HeldCase, plan: Plan, outcomes: RegionOutcomes): { held: Held; end: ReturnType<typeof endOf> }[] {
  return held.map((copy) => {
    if (plan.kind === 'done') return { held: copy, end: { kind: 'done', outcome: plan.outcome } };
    if (plan.kind === 'failed') return { held: copy, end: { kind: 'failed', outcome: `${plan.flaw.type}: ${plan.flaw.reason}`, error: errorAfter(copy, plan) } };
    return { held: copy, end: endOf(copy.before, one, outcomes) };
  });
}

/** What is wrong with the patch, or with our own means, is not what is wrong with the record. */
function errorAfter({ before }: Held, { flaw }: Extract<Plan, { kind: 'failed' }>): { type: string; reason: string } {
  return before.kind === 'event' && !flaw.type.startsWith('patch_') && !flaw.type.startsWith('payload_') ? flaw : before.error;
}

function resultOfPlan(plan: Plan, outcomes: RegionOutcomes): CaseResult {
  return plan.kind === 'failed' ? { kind: 'rejected', flaw: plan.flaw } : resultOf(outcomes);
}
