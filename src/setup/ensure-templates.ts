import { isDeepStrictEqual } from 'node:util';
import { SluiceError } from '../domain/errors.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import { conflictsBetween, type MappingConflict } from './mapping-conflicts.ts';
import { targetsOf } from './targets.ts';
import { isIndexOf, type Template } from './template.ts';

/** What became of one template, and of the indices that were there before it. */
export interface TemplateReport {
  readonly name: string;
  readonly version: number;
  /** `newer`: the cluster holds a later version, which stays. */
  readonly state: 'created' | 'updated' | 'kept' | 'newer';
  /** Existing indices that got the fields of this version. */
  readonly mapped: readonly string[];
  /** Existing indices whose alias was added or corrected. */
  readonly aliased: readonly string[];
}

/** What is to be done for one template; nothing has been written yet. */
interface Plan {
  readonly template: Template;
  readonly state: TemplateReport['state'];
  readonly mapped: readonly string[];
  readonly aliased: readonly string[];
  readonly conflicts: readonly (MappingConflict & { readonly index: string })[];
}

const NOT_FOUND = 404;

/**
 * Puts index templates in force and brings existing indices up to them: new fields, and the alias. Idempotent; safe when
 * several processes do it at once. Rejects with `ELASTICSEARCH_REFUSED` and `details.conflicts` (index, field, …), before
 * anything is written, where an index has a field otherwise.
 */
export async function ensureTemplates(cluster: SearchAdmin, templates: readonly Template[]): Promise<TemplateReport[]> {
  const plans: Plan[] = [];
  for (const template of templates) plans.push(await planOf(cluster, template));
  refuseConflicts(plans);
  for (const plan of plans) await carryOut(cluster, plan);
  return plans.map(({ template, state, mapped, aliased }) => ({ name: template.name, version: template.version, state, mapped, aliased }));
}

async function planOf(cluster: SearchAdmin, template: Template): Promise<Plan> {
  const state = stateOf(await metaOfTemplate(cluster, template.name), template);
  if (state === 'newer') return { template, state, mapped: [], aliased: [], conflicts: [] };
  const aliases = await indicesOf(cluster, template.name);
  const outdated = await outdatedOf(cluster, template, [...aliases.keys()]);
  const conflicts = [...outdated].flatMap(([index, existing]) => conflictsBetween(existing, template.mappings).map((conflict) => ({ index, ...conflict })));
  const aliased = [...aliases].filter(([, alias]) => !isDeepStrictEqual(alias, template.alias)).map(([index]) => index);
  return { template, state, mapped: [...outdated.keys()], aliased, conflicts };
}

function stateOf(meta: Json | null, template: Template): TemplateReport['state'] {
  if (meta === null) return 'created';
  if (Number(meta['version'] ?? 0) > template.version) return 'newer';
  return meta['fingerprint'] === template.fingerprint ? 'kept' : 'updated';
}

async function metaOfTemplate(cluster: SearchAdmin, name: string): Promise<Json | null> {
  const { status, body } = await cluster.call('GET', `/_index_template/${name}`, undefined, { okStatuses: [NOT_FOUND] });
  if (status === NOT_FOUND) return null;
  const [found] = body['index_templates'] as { index_template: Json }[];
  return (found?.index_template['_meta'] ?? {}) as Json;
}

/** The indices of a family, each with its alias for search as it is now (undefined where it has none). */
async function indicesOf(cluster: SearchAdmin, name: string): Promise<Map<string, Json | undefined>> {
  const { body } = await cluster.call('GET', `/${name}-*/_alias?expand_wildcards=open,closed`);
  const found = Object.entries(body as Record<string, { aliases: Record<string, Json> }>);
  return new Map(found.filter(([index]) => isIndexOf(name, index)).map(([index, { aliases }]) => [index, aliases[name]]));
}

/** The mappings of those indices that carry another, older version. */
async function outdatedOf(cluster: SearchAdmin, template: Template, indices: readonly string[]): Promise<Map<string, Json>> {
  const outdated = new Map<string, Json>();
  for (const target of targetsOf(await olderThan(cluster, template, indices))) {
    const { body } = await cluster.call('GET', `/${target}/_mapping`);
    for (const [index, { mappings }] of Object.entries(body as Record<string, { mappings: Json }>)) outdated.set(index, mappings);
  }
  return outdated;
}

async function olderThan(cluster: SearchAdmin, { name, version }: Template, indices: readonly string[]): Promise<string[]> {
  if (indices.length === 0) return [];
  // Versions alone: the mappings of 900 indices would be megabytes.
  const { body } = await cluster.call('GET', `/${name}-*/_mapping?expand_wildcards=open,closed&filter_path=*.mappings._meta`);
  const known = body as Record<string, { mappings: { _meta?: { version?: number } } } | undefined>;
  return indices.filter((index) => (known[index]?.mappings._meta?.version ?? 0) < version);
}

function refuseConflicts(plans: readonly Plan[]): void {
  const conflicts = plans.flatMap((plan) => plan.conflicts);
  if (conflicts.length === 0) return;
  const told = conflicts.map(({ index, field, parameter, from, to }) => `${index}: ${field}: ${parameter} is ${String(from)}, not ${String(to)}`);
  throw new SluiceError('ELASTICSEARCH_REFUSED', `the mappings do not fit existing indices; nothing was changed. ${told.join('; ')}`, { details: { conflicts } });
}

async function carryOut(cluster: SearchAdmin, { template, state, mapped, aliased }: Plan): Promise<void> {
  if (state === 'created' || state === 'updated') await cluster.call('PUT', `/_index_template/${template.name}`, template.body);
  for (const target of targetsOf(mapped)) await cluster.call('PUT', `/${target}/_mapping`, template.mappings);
  if (aliased.length > 0) await cluster.call('POST', '/_aliases', { actions: [{ add: { indices: aliased, alias: template.name, ...template.alias } }] });
}
