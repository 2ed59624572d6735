import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { configSchema, type ObjectStoreConfig } from '../config/schema.ts';
import type { Endpoints } from './stack.ts';

/** Name of the configuration file that a stack leaves in its folder for other commands (`--config`). */
export const CONFIG_FILE = 'sluice.config.yaml';

/** Writes regions and source of a stack as a configuration file; returns its path, or null when no region is complete. */
export function writeConfigFile(folder: string, endpoints: Endpoints): string | null {
  if (Object.keys(endpoints.regions).length === 0) return null;
  const path = join(folder, CONFIG_FILE);
  writeFileSync(`${path}.part`, stringify({ regions: endpoints.regions, source: { kafka: endpoints.source }, ...(endpoints.objectStore && { objectStore: endpoints.objectStore }) }));
  renameSync(`${path}.part`, path);
  return path;
}

/** The addresses in a configuration file. Throws what zod or the file system throws when it is none. */
export function readEndpoints(path: string): Endpoints {
  const { regions, source, objectStore } = configSchema.parse(parse(readFileSync(path, 'utf8')));
  return { regions: Object.fromEntries(Object.entries(regions).map(([name, { kafka, elasticsearch }]) => [name, { kafka, elasticsearch }])), source: source.kafka, ...storeOf(objectStore) };
}

function storeOf(config: ObjectStoreConfig | undefined): Pick<Endpoints, 'objectStore'> {
  if (config?.endpoint === undefined || config.accessKeyId === undefined || config.secretAccessKey === undefined) return {};
  const { endpoint, bucket, accessKeyId, secretAccessKey } = config;
  return { objectStore: { endpoint, bucket, accessKeyId, secretAccessKey } };
}
