import { ALERTS_INDEX, ownIndexOf } from '../../domain/system-names.ts';
import type { Json } from '../../ports/search-index.ts';
import type { Alert, AlertState } from './alert.ts';
import type { Silence } from './silence.ts';

/** Something that an operator wants done, left in the index for the active monitor. */
export interface Order {
  readonly id: string;
  readonly alert: string;
  readonly by: string;
  readonly reason: string;
  readonly until: number;
}

/** Of the lease, of silences and of orders: no date, so that a search for them is never in the wrong month. */
export function standingIndexOf(prefix: string): string {
  return `${prefix}${ALERTS_INDEX}-0000`;
}

/** By when the occurrence began: it never moves. */
export function alertIndexOf(prefix: string, alert: Alert): string {
  return ownIndexOf(prefix, ALERTS_INDEX, alert.since);
}

/** An alert as it is stored; `at`, epoch ms, is also the version of the document. */
export function alertDocument(alert: Alert, at: number): Json {
  const { id, key, rule, severity, labels, state, since, firedAt, resolvedAt, goodSince, value, what, meaning, evidence, hiddenBy, closedBy, muted, told } = alert;
  return {
    '@timestamp': iso(at), kind: 'alert', id, key, rule, severity, labels, state, since: iso(since), fired_at: iso(firedAt), resolved_at: iso(resolvedAt), good_since: iso(goodSince),
    value, what, meaning, evidence, hidden_by: hiddenBy, closed_by: closedBy, muted, told, deleted: false,
  };
}

export function alertOf(source: Json): Alert {
  const text = (name: string) => (source[name] ?? null) as string | null;
  return {
    id: text('id') ?? '', key: text('key') ?? '', rule: text('rule') ?? '', severity: (text('severity') ?? 'warning') as Alert['severity'],
    labels: (source['labels'] ?? {}) as Alert['labels'], state: text('state') as AlertState,
    since: time(source, 'since') ?? 0, firedAt: time(source, 'fired_at'), resolvedAt: time(source, 'resolved_at'), goodSince: time(source, 'good_since'),
    value: (source['value'] ?? null) as number | null, what: text('what') ?? '', meaning: text('meaning') ?? '', evidence: (source['evidence'] ?? []) as string[],
    hiddenBy: text('hidden_by'), closedBy: text('closed_by'), muted: source['muted'] === true, told: (source['told'] ?? {}) as Alert['told'],
  };
}

export function silenceDocument({ id, matchers, by, reason, from, until }: Silence, at: number): Json {
  return { '@timestamp': iso(at), kind: 'silence', id, matchers, by, reason, from: iso(from), until: iso(until), deleted: false };
}

export function silenceOf(source: Json): Silence {
  return { id: source['id'] as string, matchers: (source['matchers'] ?? []) as Silence['matchers'], by: (source['by'] ?? '') as string, reason: (source['reason'] ?? '') as string, from: time(source, 'from') ?? 0, until: time(source, 'until') ?? 0 };
}

export function orderDocument({ id, alert, by, reason, until }: Order, at: number): Json {
  return { '@timestamp': iso(at), kind: 'order', id, key: alert, by, reason, until: iso(until), deleted: false };
}

export function orderOf(source: Json): Order {
  return { id: source['id'] as string, alert: source['key'] as string, by: (source['by'] ?? '') as string, reason: (source['reason'] ?? '') as string, until: time(source, 'until') ?? 0 };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function time(source: Json, name: string): number | null {
  const value = source[name];
  return typeof value === 'string' ? Date.parse(value) : null;
}
