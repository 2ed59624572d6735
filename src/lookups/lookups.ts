import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../config/schema.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Lookups, Seller } from '../domain/pipeline.ts';
import type { Clock } from '../ports/clock.ts';
import { parseRates } from './dated-rates.ts';
import { FetchedLookup } from './fetched-lookup.ts';
import { exposeLookups } from './metrics.ts';
import { parseCategories } from './parse-categories.ts';
import { parseSeller, parseSellers } from './parse-sellers.ts';
import { addressOf, directorySource, getText, type ReferenceSource, webSource } from './reference-source.ts';
import { Table } from './table.ts';

/** The folder with the reference files that come with the project. */
export const OWN_REFERENCE = fileURLToPath(new URL('../../reference', import.meta.url));

export interface LookupParts {
  readonly settings: Config['reference'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
}

/** Lookups that hold a first snapshot. */
export interface LoadedLookups {
  readonly lookups: Lookups;
  /** Refreshes them every `refreshMs` until aborted; a refresh that fails is logged and counted, and the old snapshot stays. */
  run(signal: AbortSignal): Promise<void>;
}

/** Loads every lookup once; rejects with SluiceError `LOOKUP_*`, which says what is missing, where one cannot be loaded. */
export async function loadLookups({ settings, clock, log, registry }: LookupParts): Promise<LoadedLookups> {
  const source = sourceOf(settings, clock);
  const categories = new Table('categories', 'categories.json', source, parseCategories);
  const rates = new Table('rates', 'rates.csv', source, parseRates);
  const sellers = sellersOf(settings, source, clock);
  const tables = [categories, rates, sellers].filter((lookup) => lookup instanceof Table);
  for (const table of tables) await table.refresh();
  exposeLookups([categories, sellers, rates], registry);
  return {
    lookups: { categories, sellers, rates },
    run: (signal) => refreshUntil(signal, tables, { settings, clock, log }),
  };
}

function sourceOf({ directory, url, timeoutMs }: Config['reference'], clock: Clock): ReferenceSource {
  return url === undefined ? directorySource(directory ?? OWN_REFERENCE, () => clock.now()) : webSource(url, timeoutMs);
}

function sellersOf(settings: Config['reference'], source: ReferenceSource, clock: Clock): Table<Seller> | FetchedLookup<Seller> {
  if (settings.sellers === 'file') return new Table('sellers', 'sellers.ndjson', source, parseSellers);
  const { url, timeoutMs, cacheEntries, refreshMs } = settings;
  if (url === undefined) throw new SluiceError('CONFIG_INVALID', 'reference.sellers: on-demand needs reference.url');
  return new FetchedLookup({
    name: 'sellers', entries: cacheEntries, ttlMs: refreshMs, now: () => clock.monotonic(),
    fetchByKey: (id) => fetchSeller(addressOf(url, `sellers/${encodeURIComponent(id)}`), timeoutMs),
  });
}

async function fetchSeller(url: string, timeoutMs: number): Promise<Seller | undefined> {
  const { status, text } = await getText(url, timeoutMs);
  if (status === 404) return undefined;
  if (status !== 200) throw new SluiceError('LOOKUP_FAILED', `${url} answered ${status}`);
  try {
    return parseSeller(text);
  } catch (error) {
    throw new SluiceError('LOOKUP_FAILED', `${url} answered with no seller`, { cause: error });
  }
}

async function refreshUntil(signal: AbortSignal, tables: readonly Table<unknown>[], { settings, clock, log }: Pick<LookupParts, 'settings' | 'clock' | 'log'>): Promise<void> {
  while (await slept(clock, settings.refreshMs, signal)) {
    for (const table of tables) await refreshOne(table, log);
  }
}

async function refreshOne(table: Table<unknown>, log: Logger): Promise<void> {
  try {
    if (await table.refresh() === 'changed') log.info({ lookup: table.name, entries: table.size }, 'lookup refreshed');
  } catch (error) {
    table.counts.refreshFailures += 1;
    log.warn({ lookup: table.name, reason: messageOf(error) }, 'lookup not refreshed, the old snapshot stays');
  }
}

/** False when the signal ended the sleep. */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
