import { join, resolve } from 'node:path';
import { pythonParts } from '../../scripts/python-parts.mjs';
import { sparkEngine, type SubmitSettings } from '../adapters/spark/submit.ts';
import { objectStoreSettings } from '../config/resolve.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { ExtractEngine } from '../ports/extract-engine.ts';
import { cacheFolder, install } from '../stack/installation.ts';
import { findJdk } from '../stack/java.ts';

const PROGRAM = join(import.meta.dirname, '../../stack/spark/extract.py');

export interface OpenSparkOptions {
  readonly scratch: string;
  readonly report: (text: string) => void;
  readonly onDay?: (day: string) => void;
}

/** Spark as configured; PySpark and the jars for the object store are fetched once, where no spark-submit is given. */
export async function openSpark(config: Config, { scratch, report, onDay }: OpenSparkOptions): Promise<ExtractEngine> {
  const { backfill, warehouse } = config;
  const settings = await submitSettings(config, { scratch, report });
  const { store } = settings;
  const stored = `s3a://${store.bucket}/${store.prefix}${warehouse.prefix}`;
  return sparkEngine({
    ...settings, program: PROGRAM, database: backfill.spark.database, rowGroupRows: backfill.rowGroupRows,
    locationOf: (table) => (warehouse.directory === undefined ? stored + table : `file://${resolve(warehouse.directory, table)}`),
    ...(onDay === undefined ? {} : { onDay }),
  });
}

/** How the configured Spark is called for any program; what it needs is fetched once, as for `openSpark`. */
export async function submitSettings({ backfill: { spark }, objectStore }: Config, { scratch, report }: Omit<OpenSparkOptions, 'onDay'>): Promise<SubmitSettings> {
  if (objectStore === undefined) throw new SluiceError('CONFIG_INVALID', 'objectStore: expected the bucket that extracts lie in, found nothing; see docs/configuration.md');
  const store = objectStoreSettings(objectStore);
  const parts = spark.submit === undefined ? await ownSpark(report) : { submit: spark.submit, python: undefined, jars: [] };
  return {
    ...parts, master: spark.master, memory: spark.memory, metastore: spark.metastore, conf: spark.conf, scratch,
    store: { ...store, endpoint: store.endpoint, accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
  };
}

async function ownSpark(report: (text: string) => void): Promise<{ submit: string; python: string; jars: readonly string[] }> {
  const folder = await pythonParts('spark', { report, cache: cacheFolder() }).catch((cause: unknown) => { throw new SluiceError('QUERY_FAILED', messageOf(cause), { cause }); });
  const { jars } = await install({ kind: 'spark-jars', sources: 'stack/spark' }, findJdk(), report);
  return { submit: join(folder, 'bin/spark-submit'), python: join(folder, 'bin/python'), jars };
}
