import type { Case } from './case.ts';
import { describeCase, type CaseResult } from './outcome.ts';

/** Cases that did not end well are named up to this many. */
const MAX_NAMED = 100;

export interface RedriveCounts {
  applied: number;
  superseded: number;
  written: number;
  leftOut: number;
  rejected: number;
  unavailable: number;
  skipped: number;
  taken: number;
  gone: number;
}

/** What came of a run. A case is one thing that failed, whatever the number of failure documents about it. */
export interface RedriveReport {
  /** True when no case is left that could not be redriven. */
  readonly ok: boolean;
  readonly failures: number;
  readonly cases: number;
  readonly counts: Readonly<RedriveCounts>;
  /** Failures that came back, or were changed by somebody else, while they were redriven: they stay as they are. */
  readonly returned: number;
  /** More failures are there than this run was to take. */
  readonly more: boolean;
  /** Why the run ended early; null when it got to the end. */
  readonly stopped: string | null;
  readonly notDone: readonly ({ readonly result: string; readonly reason: string } & ReturnType<typeof describeCase>)[];
}

/** A report that is being written. */
export interface OpenReport extends RedriveReport {
  begin(selection: { readonly failures: number; readonly cases: readonly Case[]; readonly more: boolean }): void;
  add(one: Case, result: CaseResult): void;
  cameBack(failures: number): void;
  stop(reason: string): void;
}

export function newReport(): OpenReport {
  return new Report();
}

class Report implements OpenReport {
  failures = 0;
  cases = 0;
  returned = 0;
  more = false;
  stopped: string | null = null;
  readonly counts: RedriveCounts = { applied: 0, superseded: 0, written: 0, leftOut: 0, rejected: 0, unavailable: 0, skipped: 0, taken: 0, gone: 0 };
  readonly notDone: (RedriveReport['notDone'][number])[] = [];

  get ok(): boolean {
    return this.stopped === null && this.returned === 0 && this.counts.rejected === 0 && this.counts.unavailable === 0 && this.counts.taken === 0;
  }

  begin({ failures, cases, more }: { failures: number; cases: readonly Case[]; more: boolean }): void {
    this.failures = failures;
    this.cases = cases.length;
    this.more = more;
  }

  add(one: Case, result: CaseResult): void {
    this.counts[counterOf(result)] += 1;
    const reason = reasonOf(result);
    if (reason !== null && this.notDone.length < MAX_NAMED) this.notDone.push({ ...describeCase(one), result: result.kind, reason });
    if (result.kind === 'unavailable') this.stop(result.reason);
  }

  cameBack(failures: number): void { this.returned += failures; }
  stop(reason: string): void { this.stopped ??= reason; }

  toJSON(): RedriveReport {
    const { ok, failures, cases, counts, returned, more, stopped, notDone } = this;
    return { ok, failures, cases, counts, returned, more, stopped, notDone };
  }
}

function counterOf(result: CaseResult): keyof RedriveCounts {
  if (result.kind !== 'redriven') return result.kind;
  return result.how === 'left out' ? 'leftOut' : result.how;
}

function reasonOf(result: CaseResult): string | null {
  switch (result.kind) {
    case 'rejected': return `${result.flaw.type}: ${result.flaw.reason}`;
    case 'unavailable': return result.reason;
    case 'taken': return 'another run works on it';
    case 'redriven':
    case 'skipped':
    case 'gone': return null;
  }
}
