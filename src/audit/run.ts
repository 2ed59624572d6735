import { auditIndex, type AuditedIndex, type AuditParts } from './audit.ts';
import { AuditReport } from './report.ts';
import { isRecent, Schedule, type Pace } from './schedule.ts';

/** How long to wait before looking again where there is no index at all, or no region answered, ms. */
const NOTHING_MS = 30_000;

export interface AuditHooks {
  /** Told before each index, with how many are done. */
  readonly onIndex?: (index: AuditedIndex, done: number, total: number, report: AuditReport) => void;
}

/** Audits each index once, one after the other. Aborted, it ends with what is known, and says so in the report. */
export async function auditOnce(indices: readonly AuditedIndex[], parts: AuditParts, hooks: AuditHooks, signal: AbortSignal): Promise<AuditReport> {
  const report = new AuditReport();
  for (const [at, index] of indices.entries()) {
    if (signal.aborted) break;
    hooks.onIndex?.(index, at, indices.length, report);
    report.join(await auditIndex(index, parts, signal));
  }
  report.stopped = signal.aborted;
  return report;
}

export interface ContinuousParts extends AuditParts {
  readonly pace: Pace;
  /** The indices as they are now; asked for before each one. */
  readonly list: () => Promise<readonly AuditedIndex[]>;
  readonly onReport: (index: AuditedIndex, report: AuditReport) => void;
}

/** Audits for ever, one index at a time: recent ones again and again, older ones in between. Resolves once aborted and drained. */
export async function auditContinuously(parts: ContinuousParts, signal: AbortSignal): Promise<void> {
  const schedule = new Schedule(parts.pace);
  while (!signal.aborted) {
    const indices = await listed(parts);
    if (indices !== null) schedule.keep(indices);
    const next = schedule.next(indices ?? [], parts.clock.now());
    const wait = next === null ? NOTHING_MS : Math.min(next.wait, NOTHING_MS);
    if (wait > 0) await parts.clock.sleep(wait, signal).catch((error: unknown) => { if (!signal.aborted) throw error; });
    else if (next !== null) await round(next.index, schedule, parts, signal);
  }
}

async function round(index: AuditedIndex, schedule: Schedule, parts: ContinuousParts, signal: AbortSignal): Promise<void> {
  const report = await auditIndex(index, parts, signal);
  const now = parts.clock.now();
  schedule.done(index, isRecent(index, now), now);
  parts.onReport(index, report);
}

/** A region that does not answer is waited for: nothing can be compared without it. */
async function listed({ list, log }: ContinuousParts): Promise<readonly AuditedIndex[] | null> {
  try {
    return await list();
  } catch (err) {
    log.warn({ err }, 'the indices are not known: tried again');
    return null;
  }
}
