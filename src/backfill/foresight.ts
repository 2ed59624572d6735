import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';

/** What stands between a plan and its load in one region; nothing is changed by looking. */
export interface Foresight {
  readonly region: string;
  /** Indices of the plan that are not there yet: the load creates them. */
  readonly toCreate: readonly string[];
  /** Indices that carry an older mapping: they get the new fields before anything is written. */
  readonly toMap: readonly string[];
  readonly privileges: 'granted' | 'not checked' | readonly string[];
  /** Null where the cluster answered. */
  readonly problem: string | null;
}

/** Asks a region how it stands with the plan's indices. Never rejects for what the cluster says. */
export async function foresee(region: string, cluster: SearchAdmin, indices: readonly string[], mappingVersion: number): Promise<Foresight> {
  try {
    const known = await mappingVersions(cluster, indices);
    return {
      region, problem: null,
      toCreate: indices.filter((index) => !known.has(index)),
      toMap: [...known].filter(([, version]) => version < mappingVersion).map(([index]) => index),
      privileges: await missingPrivileges(cluster, indices),
    };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { region, toCreate: [], toMap: [], privileges: 'not checked', problem: messageOf(error) };
  }
}

/** The fields of `wanted` that a mapping lacks; a dot leads into an object. */
export function fieldsMissing(mappings: Json, wanted: readonly string[]): string[] {
  return wanted.filter((path) => {
    let properties = mappings['properties'] as Record<string, Json> | undefined;
    let found: Json | undefined;
    for (const part of path.split('.')) {
      found = properties?.[part];
      properties = found?.['properties'] as Record<string, Json> | undefined;
    }
    return found === undefined;
  });
}

async function mappingVersions(cluster: SearchAdmin, indices: readonly string[]): Promise<Map<string, number>> {
  const versions = new Map<string, number>();
  for (const index of indices) {
    const { status, body } = await cluster.call('GET', `/${index}/_mapping?filter_path=*.mappings._meta`, undefined, { okStatuses: [404] });
    const found = body as Record<string, { mappings?: { _meta?: { version?: number } } }>;
    if (status !== 404) versions.set(index, found[index]?.mappings?._meta?.version ?? 0);
  }
  return versions;
}

/** A cluster without security has nothing to say about privileges. */
async function missingPrivileges(cluster: SearchAdmin, indices: readonly string[]): Promise<Foresight['privileges']> {
  const wanted = { index: [{ names: indices, privileges: ['create_index', 'index', 'read', 'manage'] }] };
  const { status, body } = await cluster.call('POST', '/_security/user/_has_privileges', wanted, { okStatuses: [400, 404, 405, 500] });
  if (status !== 200) return 'not checked';
  const answers = Object.entries((body['index'] ?? {}) as Record<string, Record<string, boolean>>);
  const missing = answers.flatMap(([index, granted]) => Object.entries(granted).filter(([, has]) => !has).map(([privilege]) => `${privilege} on ${index}`));
  return missing.length === 0 ? 'granted' : missing;
}
