import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { lagBetween } from '../control/lag.ts';
import type { Lane } from '../domain/lane.ts';
import { regionalTopicOf, sourceTopicOf } from '../domain/pipeline.ts';
import type { RecordLogAdmin } from '../ports/record-log.ts';
import { FAILURES_PIPELINE } from '../domain/system-names.ts';
import { openRegionLog, openSource } from './connections.ts';

/** Asks Kafka how many records are not committed yet. Its calls reject with SluiceError `KAFKA_*`. */
export interface LagMeter {
  /** Source records that a region has not been given. */
  ingest(region: string): Promise<number>;
  /** Regional records that a lane has not settled and committed. */
  lane(lane: Lane): Promise<number>;
  close(): Promise<void>;
}

/** A meter that keeps one connection to each cluster. */
export function openLagMeter(config: Config, log: Logger): LagMeter {
  const { prefix, pipelines } = config;
  const source = openSource(config, log).admin();
  const regions = new Map(Object.keys(config.regions).map((region) => [region, openRegionLog(config, region, log).admin()]));
  const sourceTopics = pipelines.map((pipeline) => sourceTopicOf(prefix, pipeline));
  const regionalTopics = [...pipelines, FAILURES_PIPELINE].map((pipeline) => regionalTopicOf(prefix, pipeline));
  return {
    ingest: (region) => lagOfGroup(source, `${prefix}sluice.ingest.${region}`, sourceTopics),
    lane: (lane) => lagOfGroup(regions.get(lane.source) as RecordLogAdmin, `${prefix}sluice.${lane.name}`, regionalTopics),
    close: async () => void (await Promise.allSettled([source, ...regions.values()].map((admin) => admin.close()))),
  };
}

async function lagOfGroup(admin: RecordLogAdmin, group: string, topics: readonly string[]): Promise<number> {
  const [ranges, committed] = await Promise.all([admin.ranges(topics), admin.committed(group, topics)]);
  return lagBetween(ranges, committed);
}
