import type { Logger } from 'pino';
import { connectElasticsearch } from '../adapters/elasticsearch/connect.ts';
import { connectKafka } from '../adapters/kafka/connect.ts';
import { elasticsearchSettings, kafkaSettings } from '../config/resolve.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import { lanesBetween, type Lane } from '../domain/lane.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { SearchCluster } from '../ports/search-index.ts';

/** The Kafka that events come from. Nothing is sent before the first use. */
export function openSource(config: Config, log: Logger): RecordLog {
  return openLog(config, config.source.kafka, log.child({ cluster: 'source' }));
}

/** A region's Kafka. Nothing is sent before the first use. */
export function openRegionLog(config: Config, region: string, log: Logger): RecordLog {
  return openLog(config, regionOf(config, region).kafka, log.child({ cluster: region }));
}

/** A region's Elasticsearch. Nothing is sent before the first use. */
export function openRegionSearch(config: Config, region: string): SearchCluster {
  return connectElasticsearch(elasticsearchSettings(config, regionOf(config, region).elasticsearch));
}

/** The lane of a name such as `west-east`; throws USAGE that lists the lanes there are. */
export function laneNamed(config: Config, name: string): Lane {
  const lanes = lanesBetween(Object.keys(config.regions));
  const lane = lanes.find((candidate) => candidate.name === name);
  if (lane === undefined) throw new SluiceError('USAGE', `there is no lane ${name}; the lanes are ${lanes.map((candidate) => candidate.name).join(', ')}`);
  return lane;
}

function openLog(config: Config, cluster: Config['source']['kafka'], log: Logger): RecordLog {
  return connectKafka(kafkaSettings(config, cluster, `${config.prefix}sluice`), {
    onWarning: (message, details) => log.warn(details, message),
  });
}

function regionOf(config: Config, name: string): Config['regions'][string] {
  const region = config.regions[name];
  if (region === undefined) throw new SluiceError('USAGE', `there is no region ${name}; the regions are ${Object.keys(config.regions).join(', ')}`);
  return region;
}
