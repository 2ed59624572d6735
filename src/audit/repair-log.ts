import { createHash } from 'node:crypto';
import { documentBytes } from '../domain/fingerprint.ts';
import { AUDITS_INDEX, ownIndexOf } from '../domain/system-names.ts';
import type { RegionOutcomes } from '../redrive/outcome.ts';
import type { DocumentWrite } from '../redrive/plan.ts';
import type { Copies, Finding } from './finding.ts';

export interface LogContext {
  readonly prefix: string;
  readonly run: string;
  readonly host: string;
}

/** What a repair is about to do (without outcomes), or did: one document a run and finding, with every copy as it was before. */
export function logEntry(finding: Finding, outcomes: RegionOutcomes | null, now: number, { prefix, run, host }: LogContext): DocumentWrite {
  const { pipeline, index, id, kind, why, reason, regions, target, home } = finding;
  const body = {
    '@timestamp': new Date(now).toISOString(), run, host, pipeline, index, document_id: id, kind, why, reason, regions,
    state: outcomes === null ? 'planned' : stateOf(outcomes),
    outcome: outcomes === null ? null : [...outcomes].map(([region, outcome]) => `${region}: ${wordsOf(outcome)}`).join('; '),
    version: target?.version ?? null,
    before: [...copiesIn(index, finding.copies), ...(home === null ? [] : copiesIn(home.index, home.copies))],
    after: target === null ? null : { version: target.version, source: documentBytes(target.content.json, { id, version: target.version, deleted: target.content.deleted }).toString() },
    deleted: false,
  };
  const entryId = createHash('sha256').update([run, index, id].join('\0')).digest('hex').slice(0, 40);
  return { operation: 'index', index: ownIndexOf(prefix, AUDITS_INDEX, now), id: entryId, version: now, value: Buffer.from(JSON.stringify(body)), versionType: 'external_gte' };
}

/** Whether everything that had to change did. */
export function isMended(outcomes: RegionOutcomes): boolean {
  return [...outcomes.values()].every(({ kind }) => kind === 'applied');
}

function stateOf(outcomes: RegionOutcomes): 'repaired' | 'failed' {
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
