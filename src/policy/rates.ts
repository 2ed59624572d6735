import { readCompacted } from '../compacted/read-compacted.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { RecordLog } from '../ports/record-log.ts';
import { policyTopicOf, setPolicy } from './policy-topic.ts';
import { rateKey, readRatePolicy, writeRatePolicy, type RatePolicy } from './rate-policy.ts';

/** The Kafka of every region, by name: the lanes that begin there read their policies from it. */
export type RegionLogs = ReadonlyMap<string, RecordLog>;

/** What the Kafka of one region says of one destination. */
export interface ToldRate {
  readonly destination: string;
  /** The region whose lanes hear it. */
  readonly source: string;
  /** Null where nothing was set: the configuration holds. */
  readonly policy: RatePolicy | null;
  readonly problem: string | null;
}

/** What was written, or not, for the lanes of each region. */
export interface WrittenRate { readonly source: string; readonly problem: string | null }

/** The rates that hold for every lane. A region that does not answer is a problem in its rows. */
export async function readRates(logs: RegionLogs, prefix: string): Promise<ToldRate[]> {
  const told = await Promise.all([...logs].map(async ([source, log]) => [source, await entriesOf(log, prefix)] as const));
  return [...logs.keys()].flatMap((destination) => told.map(([source, entries]) => toldOf(destination, source, entries)));
}

/** Sets the rate of a destination for the lanes of every region, or with null takes it back; one region's trouble is not another's. */
export async function writeRate(logs: RegionLogs, prefix: string, destination: string, policy: RatePolicy | null): Promise<WrittenRate[]> {
  return await Promise.all([...logs].map(async ([source, log]) => {
    try {
      await setPolicy(log, policyTopicOf(prefix), rateKey(destination), policy === null ? null : writeRatePolicy(policy));
      return { source, problem: null };
    } catch (error) {
      return { source, problem: problemOf(error, source) };
    }
  }));
}

type Entries = ReadonlyMap<string, Buffer> | string;

async function entriesOf(log: RecordLog, prefix: string): Promise<Entries> {
  try {
    return await readCompacted(log, policyTopicOf(prefix));
  } catch (error) {
    return problemOf(error, 'the policies');
  }
}

function toldOf(destination: string, source: string, entries: Entries): ToldRate {
  if (typeof entries === 'string') return { destination, source, policy: null, problem: entries };
  const value = entries.get(rateKey(destination));
  if (value === undefined) return { destination, source, policy: null, problem: null };
  const read = readRatePolicy(value);
  return 'problem' in read ? { destination, source, policy: null, problem: `unreadable: ${read.problem}` } : { destination, source, policy: read.policy, problem: null };
}

function problemOf(error: unknown, what: string): string {
  if (!(error instanceof SluiceError)) throw error;
  return `${what}: ${messageOf(error)}`;
}
