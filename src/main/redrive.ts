import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import { RowsAgain } from '../backfill/row-again.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import { loadLookups } from '../lookups/lookups.ts';
import { createRegistry } from '../observability/metrics.ts';
import type { RedriveParts } from '../redrive/parts.ts';
import { createIndexKeeper } from '../setup/ensure-indices.ts';
import { openBorrowedRate } from './borrowed-rate.ts';
import { caseNamed, pipelineOfCase } from './cases.ts';
import { codeVersion } from './code-version.ts';
import { hostOf, pipelinesOf } from './configured.ts';
import { openRegionLog, openRegionSearch, openSource } from './connections.ts';
import { openObjectStore } from './object-store.ts';

/** Everything that redrive needs, connected lazily. */
export interface OpenRedrive {
  readonly parts: RedriveParts;
  close(): Promise<void>;
}

export function openRedrive(config: Config, log: Logger): OpenRedrive {
  const regions = new Map(Object.keys(config.regions).map((name) => {
    const search = openRegionSearch(config, name);
    return [name, { search, log: openRegionLog(config, name, log), indices: createIndexKeeper(search) }];
  }));
  const share = openBorrowedRate(config, new Map([...regions].map(([name, { search }]) => [name, search])), `redrive-${randomUUID()}`, log);
  const store = config.objectStore === undefined ? null : openObjectStore(config);
  const parts: RedriveParts = {
    prefix: config.prefix, regions, clock: systemClock, log,
    rows: store === null ? null : new RowsAgain({ store, prefix: config.backfill.prefix, caseNamed, pipelineOf: (one) => pipelineOfCase(config, one) }),
    source: openSource(config, log),
    pipelines: pipelinesOf(config),
    settings: { processor: config.processor, ingest: config.ingest },
    lookups: async () => (await loadLookups({ settings: config.reference, clock: systemClock, log, registry: createRegistry({}) })).lookups,
    origin: { role: 'redrive', code: codeVersion(), host_group: config.host.group },
    share,
    host: hostOf(config),
    random: Math.random,
    newId: randomUUID,
  };
  const close = async () => {
    await share.close().finally(() => Promise.allSettled([...[...regions.values()].map(({ search }) => search.close()), store?.close()]));
  };
  return { parts, close };
}

/** The regions named, or all; throws USAGE for one that is not configured. */
export function regionsNamed(config: Config, names: readonly string[]): string[] {
  const known = Object.keys(config.regions);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new SluiceError('USAGE', `there is no region ${unknown}; the regions are ${known.join(', ')}`);
  return names.length === 0 ? known : known.filter((name) => names.includes(name));
}
