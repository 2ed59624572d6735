import { createHash } from 'node:crypto';
import type { Json } from '../ports/search-index.ts';
import type { Mapping } from './mapping-files.ts';

/** An index family: what is called `<prefix><base>-<date>`. */
export interface IndexFamily {
  /** Name without prefix and date; with the prefix, also the name of its template and of its alias. */
  readonly base: string;
  /** Folder under `mappings/`. */
  readonly mapping: string;
  /** Whether the alias hides documents with `deleted: true`. */
  readonly hidesDeleted: boolean;
}

/** What the configuration says of new indices. */
export interface IndexSettings {
  readonly shards: number;
  readonly replicas: number;
  /** Such as `1s`; `-1` switches refreshing off; null leaves it to Elasticsearch, which spares shards that nobody searches. */
  readonly refreshInterval: string | null;
}

export interface Template {
  /** Name of the template and of the alias. */
  readonly name: string;
  readonly version: number;
  /** Changes with anything in `body`. */
  readonly fingerprint: string;
  readonly mappings: Json;
  readonly alias: Json;
  readonly body: Json;
}

/** Above what others usually give their templates (Elasticsearch's own stay at 100 to 200). */
const BASE_PRIORITY = 500;
const DIGITS = [...'0123456789'];
const NOT_DELETED = { bool: { must_not: [{ term: { deleted: true } }] } };

/** The index template of a family, whole. `allow_auto_create: false` keeps a bulk request from creating its indices. */
export function templateOf(prefix: string, family: IndexFamily, mapping: Mapping, settings: IndexSettings): Template {
  const name = prefix + family.base;
  const mappings = { ...mapping.mappings, _meta: { version: mapping.version } };
  const alias = family.hidesDeleted ? { filter: NOT_DELETED } : {};
  const content = {
    index_patterns: indexPatternsOf(name),
    priority: BASE_PRIORITY + name.length,
    version: mapping.version,
    allow_auto_create: false,
    template: { settings: settingsOf(mapping, settings), mappings, aliases: { [name]: alias } },
  };
  const fingerprint = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  return { name, version: mapping.version, fingerprint, mappings, alias, body: { ...content, _meta: { version: mapping.version, fingerprint, managed_by: 'sluice' } } };
}

function settingsOf(mapping: Mapping, { shards, replicas, refreshInterval }: IndexSettings): Json {
  return { ...mapping.settings, 'index.number_of_shards': shards, 'index.number_of_replicas': replicas, ...(refreshInterval === null ? {} : { 'index.refresh_interval': refreshInterval }) };
}

/**
 * Patterns know only `*`, so `sold-items-*` would catch `sold-items-archive`: the date's first digit keeps that out.
 * A longer name (`sold-items-2nd-2026.11`, `sold-items-2.sold-items-2026.11`) still fits both; it goes to the template
 * of higher priority, and priority grows with the name.
 */
function indexPatternsOf(name: string): string[] {
  return DIGITS.map((digit) => `${name}-${digit}*`);
}

/** Whether an index belongs to the family of that (prefixed) name: name, dash, date. */
export function isIndexOf(family: string, index: string): boolean {
  return index.startsWith(`${family}-`) && /^\d{4}(\.\d{2}){0,2}$/.test(index.slice(family.length + 1));
}
