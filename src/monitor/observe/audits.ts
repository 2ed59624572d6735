import { AUDITS_INDEX } from '../../domain/system-names.ts';
import type { Json, SearchAdmin } from '../../ports/search-index.ts';
import type { AuditFacts } from './observation.ts';

const WEEK_MS = 7 * 86_400_000;
/** Two an index and month. */
const MAX_ROUNDS = 2_000;
const NOT_FOUND = 404;

interface Asking { readonly search: SearchAdmin; readonly prefix: string; readonly now: number; readonly timeoutMs: number }

/** The last audits of each index within a week. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function recentAudits({ search, prefix, now, timeoutMs }: Asking): Promise<AuditFacts[]> {
  const filter = [{ term: { entry: 'round' } }, { range: { '@timestamp': { gte: new Date(now - WEEK_MS).toISOString() } } }];
  const answer = await search.call('POST', `/${prefix}${AUDITS_INDEX}/_search`, { size: MAX_ROUNDS, query: { bool: { filter } }, sort: [{ '@timestamp': 'desc' }] }, { okStatuses: [NOT_FOUND], timeoutMs });
  if (answer.status === NOT_FOUND) return [];
  return latest((answer.body['hits'] as { hits: { _source: Json }[] }).hits.map(({ _source }) => factsOf(_source)));
}

function factsOf(source: Json): AuditFacts {
  const count = (name: string) => Number(source[name] ?? 0);
  return {
    index: String(source['index']), at: Date.parse(String(source['@timestamp'])), complete: source['state'] !== 'incomplete', problem: (source['reason'] ?? null) as string | null,
    left: count('differences') - count('repaired'), failed: count('failed'), absent: (source['absent'] ?? []) as string[], everyMs: (source['every_ms'] ?? null) as number | null,
  };
}

/** Newest first come, and stay: at the turn of a month an index has an entry in each of two. */
function latest(rounds: readonly AuditFacts[]): AuditFacts[] {
  const found = new Map<string, AuditFacts>();
  for (const round of rounds) {
    const key = `${round.index} ${round.complete}`;
    if (!found.has(key)) found.set(key, round);
  }
  return [...found.values()];
}
