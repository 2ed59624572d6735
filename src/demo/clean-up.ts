import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import { openRegionLog, openRegionSearch, openSource } from '../main/connections.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { isRunPrefix } from './run-config.ts';

/** Names in one delete request: its path stays short. */
const AT_ONCE = 20;
const NOT_FOUND = 404;

/** Removes topics, indices and templates of a run from servers that others use, too: all that bears its prefix. Rejects with `BUG` where that is not the prefix of a run. */
export async function removeRun(config: Config, log: Logger): Promise<void> {
  if (!isRunPrefix(config.prefix)) throw new SluiceError('BUG', `"${config.prefix}" is not the prefix of a run: nothing that bears it is removed`);
  const regions = Object.keys(config.regions);
  // One after the other: the source may be one of the regions.
  for (const kafka of [openSource(config, log), ...regions.map((region) => openRegionLog(config, region, log))]) await removeTopics(kafka, config.prefix);
  await Promise.all(regions.map((region) => removeIndices(openRegionSearch(config, region), config.prefix)));
}

async function removeTopics(kafka: RecordLog, prefix: string): Promise<void> {
  const admin = kafka.admin();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics(topics);
  } finally {
    await admin.close();
  }
}

async function removeIndices(search: SearchCluster, prefix: string): Promise<void> {
  try {
    const { body } = await search.call('GET', `/${prefix}*/_alias`);
    const names = Object.keys(body);
    for (let at = 0; at < names.length; at += AT_ONCE) await search.call('DELETE', `/${names.slice(at, at + AT_ONCE).join(',')}`);
    await search.call('DELETE', `/_index_template/${prefix}*`, undefined, { okStatuses: [NOT_FOUND] });
  } finally {
    await search.close();
  }
}
