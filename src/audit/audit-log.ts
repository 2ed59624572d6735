import type { Logger } from 'pino';
import type { Clock } from '../ports/clock.ts';
import type { DocumentWriter } from '../redrive/document-writer.ts';
import type { DocumentWrite } from '../redrive/plan.ts';
import type { AuditedIndex } from './audit.ts';
import type { Finding } from './finding.ts';
import { findingEntry, roundEntry, type LogContext } from './log-entry.ts';
import type { AuditReport } from './report.ts';

/** Findings of one index that are written down in one round, when they are not repaired; all are counted. */
export const MAX_WRITTEN = 1_000;
/** Entries written with one request, with the copies as they were. */
const CHUNK = 100;

export interface AuditLogParts {
  readonly writers: ReadonlyMap<string, Pick<DocumentWriter, 'write'>>;
  readonly context: LogContext;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a cluster in trouble is waited for, ms. */
  readonly patienceMs: number;
  /** Of a continuous audit: a round ends at least this often, ms; null for one that is made once. */
  readonly everyMs: number | null;
}

/** What an audit found, in the index `sluice-audits` of every region. What cannot be written costs the log, not the audit. */
export class AuditLog {
  readonly #parts: AuditLogParts;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
  }

  /** Findings that nobody repairs. The entry of one that is found again by the same run is written over. */
  async found(findings: readonly Finding[]): Promise<void> {
    const { clock, context } = this.#parts;
    for (let at = 0; at < findings.length; at += CHUNK) await this.#write(findings.slice(at, at + CHUNK).map((finding) => findingEntry(finding, 'found', null, clock.now(), context)));
  }

  /** What the audit of an index came to: one entry an index, written over by the next. One that was stopped says nothing. */
  async round({ pipeline, index }: AuditedIndex, report: AuditReport): Promise<void> {
    const { clock, context, everyMs } = this.#parts;
    if (!report.stopped) await this.#write([roundEntry({ pipeline: pipeline.name, index }, report, everyMs, clock.now(), context)]);
  }

  async #write(entries: readonly DocumentWrite[]): Promise<void> {
    const { writers, patienceMs, log } = this.#parts;
    await Promise.all([...writers].map(async ([region, writer]) => {
      const outcomes = await writer.write(entries, patienceMs, new AbortController().signal);
      const lost = outcomes.find(({ kind }) => kind === 'unavailable' || kind === 'rejected');
      if (lost !== undefined) log.warn({ region, ...lost }, 'what was found could not be written down');
    }));
  }
}
