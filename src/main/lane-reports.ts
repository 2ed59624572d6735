import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { lastBatchOf, type LaneReport, type LastBatch } from '../control/cli/lane-report.ts';
import { messageOf } from '../domain/errors.ts';
import { lanesBetween, type Lane } from '../domain/lane.ts';
import { BATCHES_INDEX } from '../domain/system-names.ts';
import { readStates, type StateNote } from '../monitor/state-notes.ts';
import { stateTopicOf } from '../setup/ensure-topics.ts';
import { openRegionLog, openRegionSearch } from './connections.ts';
import { openLagMeter } from './lag-meter.ts';

/** How long a lane that was stopped in good order is still shown, ms. */
const FORGET_STOPPED_MS = 3_600_000;

/** How far ingest is behind the source, for one region. */
export interface IngestReport {
  readonly region: string;
  readonly lagRecords: number | null;
  readonly problem: string | null;
}

/** Asks every region's Kafka and Elasticsearch about its lanes; a cluster that does not answer is a problem in the report. */
export async function reportLanes(config: Config, log: Logger): Promise<LaneReport[]> {
  const meter = openLagMeter(config, log);
  const reports = await Promise.all(lanesBetween(Object.keys(config.regions)).map(async (lane) => {
    const [lag, last] = await Promise.allSettled([meter.lane(lane), lastBatchOfLane(config, lane)]);
    const problems = [lag, last].flatMap((result) => (result.status === 'rejected' ? [`${lane.name}: ${messageOf(result.reason)}`] : []));
    return {
      lane: lane.name,
      lagRecords: lag.status === 'fulfilled' ? lag.value : null,
      lastBatch: last.status === 'fulfilled' ? last.value : null,
      problem: problems.length === 0 ? null : problems.join('; '),
    };
  }));
  await meter.close();
  return reports;
}

/** Asks the source's Kafka how far each region's position is behind. */
export async function lagOfIngest(config: Config, log: Logger): Promise<IngestReport[]> {
  const meter = openLagMeter(config, log);
  const reports = await Promise.all(Object.keys(config.regions).map(async (region): Promise<IngestReport> => {
    try {
      return { region, lagRecords: await meter.ingest(region), problem: null };
    } catch (error) {
      return { region, lagRecords: null, problem: `ingest to ${region}: ${messageOf(error)}` };
    }
  }));
  await meter.close();
  return reports;
}

/** What the processes told last, lane by lane; those that stopped are told for an hour. A region that does not answer tells nothing here. */
export async function statesOfLanes(config: Config, log: Logger): Promise<StateNote[]> {
  const regions = await Promise.allSettled(Object.keys(config.regions).map((region) => readStates(openRegionLog(config, region, log), stateTopicOf(config.prefix))));
  const notes = regions.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  return notes.filter((note) => note.state !== 'stopped' || Date.now() - note.at < FORGET_STOPPED_MS).sort((a, b) => `${a.lane}/${a.host}`.localeCompare(`${b.lane}/${b.host}`));
}

async function lastBatchOfLane(config: Config, lane: Lane): Promise<LastBatch | null> {
  const search = openRegionSearch(config, lane.destination);
  try {
    const query = { size: 1, query: { term: { lane: lane.name } }, sort: [{ end_time: 'desc' }] };
    const { body } = await search.call('POST', `/${config.prefix}${BATCHES_INDEX}/_search`, query);
    return lastBatchOf(body);
  } finally {
    await search.close();
  }
}
