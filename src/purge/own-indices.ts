import { endOfIndex } from '../domain/index-name.ts';
import { ALERTS_INDEX, FAILURES_INDEX, OWN_INDICES, OWN_PERIODS, type OwnIndex } from '../domain/system-names.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import { deleteDocuments, NO_DOCUMENTS, type DeleteParts, type DeleteReport } from './delete-documents.ts';

/** How long what Sluice writes down for itself is kept, ms; null: for ever. */
export type Retention = Readonly<Record<OwnIndex, number | null>>;

export interface OwnPurgeReport {
  /** Indices that went (in a dry run: that would go), whole. */
  readonly indices: readonly string[];
  /** Indices that are old enough and hold something that must stay. */
  readonly kept: readonly string[];
  /** Closed failures in indices that stay. */
  readonly failures: DeleteReport;
}

const NOT_FOUND = 404;

/**
 * Deletes Sluice's own indices (heartbeats, batches, failures, alerts, audits) whose time has been over for longer than they are
 * kept, and closed failures elsewhere. A failure that is open and an alert that stands are never deleted, nor is the
 * index that holds them. Safe to repeat and to stop. Rejects with SluiceError `ELASTICSEARCH_*`.
 */
export async function purgeOwnIndices(prefix: string, retention: Retention, parts: DeleteParts, signal: AbortSignal): Promise<OwnPurgeReport> {
  const now = parts.clock.now();
  const [gone, kept]: [string[], string[]] = [[], []];
  for (const base of OWN_INDICES) {
    const keepMs = retention[base];
    if (keepMs === null) continue;
    const names = await openIndices(parts.cluster, prefix + base, signal);
    for (const index of names.filter((name) => isOutdated(name, prefix, base, now - keepMs))) {
      signal.throwIfAborted();
      const went = await deleteIndex(index, mustStay(base, now - keepMs), parts);
      (went ? gone : kept).push(index);
    }
  }
  const failuresFor = retention[FAILURES_INDEX];
  const spared = gone.map((index) => ({ term: { _index: index } }));
  const failures = failuresFor === null ? NO_DOCUMENTS : await deleteDocuments([`${prefix}${FAILURES_INDEX}-*`], { bool: { filter: [closedBefore(now - failuresFor)], must_not: spared } }, parts, signal);
  return { indices: gone, kept, failures };
}

/** Whether everything that the index covers came before a time (epoch ms). The index without a date, of lease and silences, never is. */
function isOutdated(name: string, prefix: string, base: OwnIndex, before: number): boolean {
  const end = endOfIndex(prefix + base, OWN_PERIODS[base], name);
  return end !== null && end <= before;
}

/** What must not go, however old it is; null where there is nothing of that kind. */
function mustStay(base: OwnIndex, before: number): Json | null {
  switch (base) {
    // An old record may have failed, or its failure been closed, only yesterday.
    case FAILURES_INDEX: return { bool: { must_not: [closedBefore(before)] } };
    case ALERTS_INDEX: return { bool: { should: [{ terms: { state: ['pending', 'firing'] } }, { term: { muted: true } }] } };
    default: return null;
  }
}

/** Failures that were redriven or discarded, with nothing done about them since. */
function closedBefore(before: number): Json {
  const since = new Date(before).toISOString();
  return { bool: { filter: [{ terms: { state: ['redriven', 'discarded'] } }, { range: { '@timestamp': { lt: since } } }], must_not: [{ range: { 'history.at': { gte: since } } }] } };
}

async function openIndices(cluster: SearchAdmin, family: string, signal: AbortSignal): Promise<string[]> {
  const { body } = await cluster.call('GET', `/${family}-*/_alias?expand_wildcards=open`, undefined, { okStatuses: [NOT_FOUND], signal });
  return Object.keys(body).sort();
}

/** False where something stays. It is closed to writing before the last look, so that nothing can come in between look and deletion. */
async function deleteIndex(index: string, stays: Json | null, { cluster, dryRun }: DeleteParts): Promise<boolean> {
  if (stays !== null && await holds(cluster, index, stays)) return false;
  if (dryRun) return true;
  let gone = false;
  try {
    if (stays !== null) {
      await cluster.call('PUT', `/${index}/_block/write`);
      if (await holds(cluster, index, stays)) return false;
    }
    await cluster.call('DELETE', `/${index}`, undefined, { okStatuses: [NOT_FOUND] });
    gone = true;
  } finally {
    if (stays !== null && !gone) await unblock(cluster, index);
  }
  return true;
}

async function unblock(cluster: SearchAdmin, index: string): Promise<void> {
  await cluster.call('PUT', `/${index}/_settings`, { 'index.blocks.write': null }, { okStatuses: [NOT_FOUND] });
}

async function holds(cluster: SearchAdmin, index: string, query: Json): Promise<boolean> {
  await cluster.call('POST', `/${index}/_refresh`);
  const { body } = await cluster.call('POST', `/${index}/_count`, { query });
  return Number(body['count']) > 0;
}
