import { createHash } from 'node:crypto';
import { documentBytes } from '../domain/fingerprint.ts';
import { AUDITS_INDEX, ownIndexOf } from '../domain/system-names.ts';
import type { RegionOutcomes } from '../redrive/outcome.ts';
import type { DocumentWrite } from '../redrive/plan.ts';
import type { Copies, Finding } from './finding.ts';
import type { AuditReport } from './report.ts';

/** `entry` of a document that stands for the audit of an index; findings have none. */
export const ROUND = 'round';

export interface LogContext {
  readonly prefix: string;
  readonly run: string;
  readonly host: string;
}

/** found: nobody repairs it. planned: a repair is about to change it; then what became of that. */
export type FindingState = 'found' | 'planned' | 'repaired' | 'failed';

/** A finding: one document a run and finding, with every copy as it was. */
export function findingEntry(finding: Finding, state: FindingState, outcomes: RegionOutcomes | null, now: number, context: LogContext): DocumentWrite {
  const { pipeline, index, id, kind, why, reason, regions, target, home } = finding;
  return entryOf([context.run, index, id], now, context, {
    pipeline, index, document_id: id, kind, why, reason, regions, state,
    outcome: outcomes === null ? null : [...outcomes].map(([region, outcome]) => `${region}: ${wordsOf(outcome)}`).join('; '),
    version: target?.version ?? null,
    before: [...copiesIn(index, finding.copies), ...(home === null ? [] : copiesIn(home.index, home.copies))],
    after: target === null ? null : { version: target.version, source: documentBytes(target.content.json, { id, version: target.version, deleted: target.content.deleted }).toString() },
  });
}

/** What the audit of an index came to. A round that could not be ended stands beside the last one that was. */
export function roundEntry({ pipeline, index }: { readonly pipeline: string; readonly index: string }, report: AuditReport, everyMs: number | null, now: number, context: LogContext): DocumentWrite {
  const { ok, problems: [problem], absent, documents, differences, repaired, inFlight, byKind, byWhy, queries, bytes } = report;
  return entryOf([ROUND, problem === undefined ? 'complete' : 'incomplete', index], now, context, {
    entry: ROUND, pipeline, index, every_ms: everyMs, state: problem !== undefined ? 'incomplete' : ok ? 'same' : 'different', reason: problem?.problem ?? null,
    documents, differences, repaired, failed: byWhy.failed ?? 0, in_flight: inFlight, unlisted: report.unlisted, absent: absent.map(({ region }) => region), by_kind: byKind, queries, bytes,
  });
}

/** The same key is written over. */
function entryOf(key: readonly string[], now: number, { prefix, run, host }: LogContext, body: object): DocumentWrite {
  const value = Buffer.from(JSON.stringify({ '@timestamp': new Date(now).toISOString(), run, host, ...body, deleted: false }));
  return { operation: 'index', index: ownIndexOf(prefix, AUDITS_INDEX, now), id: createHash('sha256').update(key.join('\0')).digest('hex').slice(0, 40), version: now, value, versionType: 'external_gte' };
}

/** Whether everything that had to change did. */
export function isMended(outcomes: RegionOutcomes): boolean {
  return [...outcomes.values()].every(({ kind }) => kind === 'applied');
}

/** How a finding ends whose repair was tried. */
export function endOf(outcomes: RegionOutcomes): FindingState {
  return isMended(outcomes) ? 'repaired' : 'failed';
}

function copiesIn(index: string, copies: Copies): object[] {
  return [...copies].map(([region, copy]) => ({
    region, index, version: copy?.version ?? null,
    source: copy === null ? null : documentText(copy.content.json, copy.content.fingerprint, copy.content.deleted, copy.content.origin),
  }));
}

/** As it stood there, digits and all: text, so that nothing reads it as numbers on the way. */
function documentText(json: string, fingerprint: number | null, deleted: boolean, origin: object | null): string {
  const added = JSON.stringify({ ...(fingerprint === null ? {} : { fingerprint }), deleted, ...(origin === null ? {} : { origin }) });
  return json === '{}' ? added : `${json.slice(0, -1)},${added.slice(1)}`;
}

function wordsOf(outcome: RegionOutcomes extends ReadonlyMap<string, infer One> ? One : never): string {
  switch (outcome.kind) {
    case 'rejected': return `rejected: ${outcome.flaw.type}: ${outcome.flaw.reason}`;
    case 'unavailable': return `not reached: ${outcome.reason}`;
    default: return outcome.kind;
  }
}
