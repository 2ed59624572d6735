import { pino } from 'pino';
import type { Config } from '../src/config/schema.ts';
import { openRegionLog } from '../src/main/connections.ts';
import type { RecordLog } from '../src/ports/record-log.ts';
import { ensureTopics, regionalTopicsOf, sourceTopicsOf } from '../src/setup/ensure-topics.ts';

export const LOG = pino({ level: 'silent' });
/** Ingest never asks Elasticsearch; the configuration wants an address all the same. */
export const NOWHERE = 'http://127.0.0.1:9';

/** Creates the topics that ingest reads and writes. */
export async function createIngestTopics(config: Config, source: RecordLog): Promise<void> {
  const { prefix, pipelines, topics } = config;
  await createTopics(source, sourceTopicsOf(prefix, pipelines, topics));
  for (const region of Object.keys(config.regions)) await createTopics(openRegionLog(config, region, LOG), regionalTopicsOf(prefix, pipelines, topics));
}

async function createTopics(log: RecordLog, topics: Parameters<typeof ensureTopics>[1]): Promise<void> {
  const admin = log.admin();
  await ensureTopics(admin, topics);
  await admin.close();
}
