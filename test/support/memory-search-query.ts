import type { Json } from '../../src/ports/search-index.ts';
import type { FoundDocument, StoredDocument } from './memory-search-index.ts';

/** Whether a stored document answers a query: match_all, ids, term, terms, match, range, exists and bool, as Elasticsearch reads them. */
export function answersQuery(query: Json, stored: StoredDocument): boolean {
  const [kind, body] = Object.entries(query)[0] ?? ['match_all', {}];
  switch (kind) {
    case 'match_all':
      return true;
    case 'ids':
      return ((body as Json)['values'] as string[]).includes(stored.id);
    case 'bool':
      return answersBool(body as Json, stored);
    case 'match':
      return answersMatch(body as Json, stored);
    case 'exists':
      return valuesAt(stored, String((body as Json)['field'])).length > 0;
    case 'term':
    case 'terms':
    case 'range':
      return answersField(kind, body as Json, stored);
    default:
      throw new Error(`the search engine in memory knows no query [${kind}]`);
  }
}

function answersBool(body: Json, stored: StoredDocument): boolean {
  const clauses = (name: string): Json[] => [body[name] ?? []].flat() as Json[];
  const should = clauses('should');
  return (
    [...clauses('must'), ...clauses('filter')].every((clause) => answersQuery(clause, stored)) &&
    !clauses('must_not').some((clause) => answersQuery(clause, stored)) &&
    (should.length === 0 || should.some((clause) => answersQuery(clause, stored)))
  );
}

function answersField(kind: 'term' | 'terms' | 'range', body: Json, stored: StoredDocument): boolean {
  const [field, condition] = Object.entries(body)[0] ?? ['', null];
  const values = valuesAt(stored, field);
  if (kind === 'terms') return values.some((value) => (condition as unknown[]).includes(value));
  if (kind === 'range') return values.some((value) => inRange(value as number | string, condition as Json));
  const wanted = typeof condition === 'object' && condition !== null ? (condition as Json)['value'] : condition;
  return values.includes(wanted);
}

/** Words in any order, all of them. */
function answersMatch(body: Json, stored: StoredDocument): boolean {
  const [field, condition] = Object.entries(body)[0] ?? ['', null];
  const wanted = wordsOf(typeof condition === 'object' && condition !== null ? String((condition as Json)['query']) : String(condition));
  return valuesAt(stored, field).some((value) => wanted.every((word) => wordsOf(String(value)).includes(word)));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== '');
}

function inRange(value: number | string, { gte, gt, lte, lt }: { gte?: number | string; gt?: number | string; lte?: number | string; lt?: number | string }): boolean {
  return (gte === undefined || value >= gte) && (gt === undefined || value > gt) && (lte === undefined || value <= lte) && (lt === undefined || value < lt);
}

/** Every value of a field, through arrays and objects. */
export function valuesAt(stored: StoredDocument, path: string): unknown[] {
  if (path === '_id') return [stored.id];
  if (path === '_index') return [(stored as FoundDocument).index];
  let values: unknown[] = [stored.source];
  for (const part of path.split('.')) {
    values = values.flat().flatMap((value) => (typeof value === 'object' && value !== null ? [(value as Json)[part]] : []));
  }
  return values.flat().filter((value) => value !== undefined && value !== null);
}
