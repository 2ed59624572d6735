import type { Logger } from 'pino';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { Asking } from './asking.ts';
import { MAX_WRITTEN, type AuditLog } from './audit-log.ts';
import { findingsOf, suspectsAmong, type Examination, type Suspect } from './examine.ts';
import { openLook } from './index-look.ts';
import type { LaneMarks, Mark } from './lane-marks.ts';
import type { Look } from './look.ts';
import type { Finding } from './finding.ts';
import { AuditReport } from './report.ts';
import type { Repair } from './repair.ts';
import { type Depth, suspectsOf } from './suspects.ts';

/** Documents whose copies are held for the second look; then they are dealt with, and the search goes on. */
const MAX_SUSPECTS = 2_000;
/** An index that a region lacks is looked into only when it is this small: a larger one was deleted, or never created. */
const ABSENT_EXAMINED = 1_000;
/** Findings of one index that are remembered, so as not to be told twice. */
const MAX_REMEMBERED = 200_000;

/** Everything that an audit is made of. */
export interface AuditParts {
  readonly prefix: string;
  /** Two or more. */
  readonly regions: ReadonlyMap<string, SearchCluster>;
  readonly lanes: LaneMarks;
  /** Null: nothing is changed. */
  readonly repair: Pick<Repair, 'mend'> | null;
  /** Where findings and rounds are written down. */
  readonly book: Pick<AuditLog, 'found' | 'round'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: AuditSettings;
}

export interface AuditSettings {
  readonly depth: Depth;
  /** How long lanes are waited for before a difference counts, ms. */
  readonly patienceMs: number;
  /** Age from which a tombstone may be purged, ms. */
  readonly purgeAgeMs: number;
  /** Of one question, ms. */
  readonly timeoutMs: number;
}

/** An index to be audited. */
export interface AuditedIndex {
  readonly pipeline: AnyPipeline;
  readonly index: string;
}

/**
 * Compares one index between the regions: narrow down → look again → judge → repair. What goes wrong is this index's
 * problem alone. Ends early, with what is known, when the signal is aborted.
 */
export async function auditIndex(audited: AuditedIndex, parts: AuditParts, signal: AbortSignal): Promise<AuditReport> {
  const report = new AuditReport();
  await compare(audited, parts, report, signal);
  await parts.book.round(audited, report);
  return report;
}

async function compare({ pipeline, index }: AuditedIndex, parts: AuditParts, report: AuditReport, signal: AbortSignal): Promise<void> {
  const { prefix, regions, lanes, clock, log, settings } = parts;
  const askings = new Map([...regions].map(([name, search]) => [name, new Asking(search, clock, settings.timeoutMs, signal)]));
  const examination: Examination = { prefix, pipeline, index, regions: askings, lanes, purgedBefore: clock.now() - settings.purgeAgeMs, patienceMs: settings.patienceMs };
  const looks: Look[] = [];
  try {
    for (const [name, search] of regions) looks.push(await openLook(search, askings.get(name) as Asking, index));
    await new IndexAudit(looks, examination, parts, report, signal).run();
    report.indices += 1;
  } catch (error) {
    if (signal.aborted) report.stopped = true;
    else if (error instanceof SluiceError) report.problems.push({ index, problem: messageOf(error) });
    else throw error;
  } finally {
    for (const asking of askings.values()) report.count(asking.asked);
    const closed = await Promise.allSettled(looks.map((look) => look.close()));
    for (const each of closed) if (each.status === 'rejected') log.debug({ err: each.reason as unknown, index }, 'a point in time was left to run out');
  }
}

class IndexAudit {
  readonly #looks: readonly Look[];
  readonly #examination: Examination;
  readonly #parts: AuditParts;
  readonly #report: AuditReport;
  readonly #signal: AbortSignal;
  /** A document is met twice where both its fingerprints are, or where there are three regions. */
  readonly #told = new Set<string>();
  #suspects = new Map<string, Suspect>();
  /** Findings that were written down as nobody's to repair. */
  #written = 0;
  #mark: Mark = new Map();

  constructor(looks: readonly Look[], examination: Examination, parts: AuditParts, report: AuditReport, signal: AbortSignal) {
    this.#looks = looks;
    this.#examination = examination;
    this.#parts = parts;
    this.#report = report;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    // After the looks: what they see was in the topics before.
    this.#mark = await this.#parts.lanes.mark();
    if (await this.#isAbsent()) return;
    const [first, ...others] = this.#looks as [Look, ...Look[]];
    for (const other of others) {
      for await (const ids of suspectsOf(first, other, this.#parts.settings.depth)) await this.#examine(ids);
      await this.#settle();
    }
  }

  /** A region that lacks a large index lost or deleted it as a whole: that is told, and left to people. */
  async #isAbsent(): Promise<boolean> {
    const totals = await Promise.all(this.#looks.map((look) => look.totals()));
    const most = Math.max(...totals.map(({ documents }) => documents));
    this.#report.documents += most;
    const lacking = [...this.#parts.regions.keys()].filter((_, at) => totals[at]?.documents === 0);
    if (most <= ABSENT_EXAMINED || lacking.length === 0) return false;
    for (const region of lacking) this.#report.absent.push({ index: this.#examination.index, region, documents: most });
    return true;
  }

  async #examine(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += MAX_SUSPECTS) {
      const fresh = ids.slice(at, at + MAX_SUSPECTS).filter((id) => !this.#told.has(id) && !this.#suspects.has(id));
      for (const suspect of await suspectsAmong(fresh, this.#examination)) this.#suspects.set(suspect.id, suspect);
      if (this.#suspects.size >= MAX_SUSPECTS) await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    const { repair, log, book } = this.#parts;
    const findings = await findingsOf([...this.#suspects.values()], this.#mark, this.#examination, this.#signal);
    this.#suspects = new Map();
    const due = repair === null ? [] : findings.filter(({ why }) => why === 'lost');
    const mended = new Map((await repair?.mend(due, this.#signal) ?? []).map((each) => [each.finding, each]));
    for (const finding of findings) {
      const outcomes = mended.get(finding)?.outcomes ?? null;
      this.#report.add(finding, outcomes);
      if (this.#told.size < MAX_REMEMBERED) this.#told.add(finding.id);
      tell(log, finding, outcomes === null ? null : Object.fromEntries(outcomes));
    }
    const left = findings.filter((finding) => finding.why !== 'in-flight' && mended.get(finding)?.logged !== true);
    const room = Math.max(0, MAX_WRITTEN - this.#written);
    this.#written += Math.min(room, left.length);
    this.#report.unlisted += Math.max(0, left.length - room);
    await book.found(left.slice(0, room));
    this.#signal.throwIfAborted();
  }
}

function tell(log: Logger, { index, id, kind, why, reason, regions }: Finding, outcomes: object | null): void {
  const level = why === 'in-flight' ? 'debug' : 'warn';
  log[level]({ index, id, kind, why, reason, regions, ...(outcomes === null ? {} : { outcomes }) }, outcomes === null ? 'difference' : 'difference, repair tried');
}
