import PQueue from 'p-queue';
import { SluiceError } from '../domain/errors.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { targetsOf } from './targets.ts';

/** Makes indices exist before anything is written to them. */
export interface IndexKeeper {
  /**
   * Creates those of the named indices that are not there, from their templates; resolves with the names created here.
   * Names known to exist cost nothing. Rejects with SluiceError `ELASTICSEARCH_*` when one cannot be created.
   */
  ensure(names: readonly string[]): Promise<string[]>;
  /** Takes names to be unknown again, after Elasticsearch said that an index is not there. */
  forget(names: readonly string[]): void;
}

export interface IndexKeeperOptions {
  /** Creations at once; the master takes what has piled up as one change. */
  readonly concurrency?: number;
  /** Names remembered as existing; the oldest are forgotten first. */
  readonly remembered?: number;
}

const CONCURRENCY = 16;
const REMEMBERED = 10_000;
const BAD_REQUEST = 400;
const ALREADY_THERE = 'resource_already_exists_exception';

/** An index keeper for one cluster: bounded cache, bounded concurrency, one creation at a time for each name. */
export function createIndexKeeper(cluster: SearchAdmin, options: IndexKeeperOptions = {}): IndexKeeper {
  const { concurrency = CONCURRENCY, remembered = REMEMBERED } = options;
  const queue = new PQueue({ concurrency });
  const known = new Set<string>();
  const underWay = new Map<string, Promise<boolean>>();

  function remember(name: string): void {
    known.add(name);
    if (known.size > remembered) known.delete(known.values().next().value as string);
  }
  async function create(name: string): Promise<boolean> {
    const created = await queue.add(() => createIndex(cluster, name));
    remember(name);
    return created;
  }
  function ensureOne(name: string): Promise<boolean> {
    const already = underWay.get(name);
    if (already !== undefined) return already;
    const creation = create(name).finally(() => underWay.delete(name));
    underWay.set(name, creation);
    return creation;
  }
  return {
    async ensure(names) {
      const unknown = [...new Set(names)].filter((name) => !known.has(name));
      const there = await existingOf(cluster, unknown);
      for (const name of there) remember(name);
      const missing = unknown.filter((name) => !there.has(name));
      const results = await Promise.allSettled(missing.map(ensureOne));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return missing.filter((_, index) => (results[index] as PromiseFulfilledResult<boolean>).value);
    },
    forget(names) {
      for (const name of names) known.delete(name);
    },
  };
}

/** Those of the names that are indices already: a question that the master need not answer, unlike a creation in vain. */
async function existingOf(cluster: SearchAdmin, names: readonly string[]): Promise<Set<string>> {
  const existing = new Set<string>();
  for (const target of targetsOf(names.map(encodeURIComponent))) {
    const { body } = await cluster.call('GET', `/${target}/_alias?ignore_unavailable=true`);
    for (const name of Object.keys(body)) existing.add(name);
  }
  return new Set(names.filter((name) => existing.has(name)));
}

/** True when created here, false when it was there. Does not wait for the shards: a bulk request does that itself. */
async function createIndex(cluster: SearchAdmin, name: string): Promise<boolean> {
  const { status, body } = await cluster.call('PUT', `/${encodeURIComponent(name)}?wait_for_active_shards=0`, undefined, { okStatuses: [BAD_REQUEST] });
  if (status !== BAD_REQUEST) return true;
  const { type, reason } = body['error'] as { type: string; reason: string };
  if (type === ALREADY_THERE) return false;
  throw new SluiceError('ELASTICSEARCH_REFUSED', `index ${name} cannot be created: ${type}: ${reason}`, { details: { status, type, reason, index: name } });
}
