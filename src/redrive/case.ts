import type { Json } from '../ports/search-index.ts';
import type { Failure, FailureKind } from './failure.ts';

/**
 * One thing that failed, with every failure document about it: the two lanes into a region each find the same bad
 * document, and so do those into the other region; a failure of ingest stands in every region's index.
 */
export interface Case {
  readonly key: string;
  readonly kind: FailureKind;
  /** In the order of the regions, then by id: the first one is the lead, which decides who works on the case. */
  readonly copies: readonly Failure[];
}

type Identity = Pick<Failure, 'kind' | 'id' | 'region' | 'pipeline' | 'documentId' | 'version'>;

/** What the copies of one case have in common. */
export function caseKeyOf({ kind, id, region, pipeline, documentId, version }: Identity): string {
  if (kind === 'event') return ['event', id].join('\0');
  if (documentId === null || version === null) return ['single', region, id].join('\0');
  return ['document', pipeline, documentId, version].join('\0');
}

/** Failures by case, in the order in which each case first appears. */
export function casesOf(failures: readonly Failure[], regions: readonly string[]): Case[] {
  const cases = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = caseKeyOf(failure);
    const copies = cases.get(key);
    if (copies === undefined) cases.set(key, [failure]);
    else if (!copies.some((copy) => copy.region === failure.region && copy.index === failure.index && copy.id === failure.id)) copies.push(failure);
  }
  const rank = (failure: Failure) => regions.indexOf(failure.region);
  return [...cases].map(([key, copies]) => ({
    key, kind: (copies[0] as Failure).kind,
    copies: copies.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1)),
  }));
}

/** The lead of a case. */
export function leadOf(one: Case): Failure {
  return one.copies[0] as Failure;
}

/** Queries that find every copy of the given cases in one region's failure index. */
export function copyQueries(cases: readonly Case[]): Json[] {
  const leads = cases.map(leadOf);
  const ids = cases.flatMap((one) => one.copies.map((copy) => copy.id));
  const named = leads.filter((lead) => lead.kind === 'document' && lead.documentId !== null && lead.version !== null);
  const terms = (field: string, values: readonly unknown[]) => ({ terms: { [field]: [...new Set(values)] } });
  return [
    { ids: { values: [...new Set(ids)] } },
    // Wider than the cases themselves: what else is found is left out by its key.
    ...(named.length === 0 ? [] : [{ bool: { filter: [terms('document_id', named.map((lead) => lead.documentId)), terms('version', named.map((lead) => lead.version)), terms('stage', ['envelope', 'precheck', 'index'])] } }]),
  ];
}
