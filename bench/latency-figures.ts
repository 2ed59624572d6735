import type { Envelope } from '../src/domain/envelope.ts';

/** A record of a regional topic. */
export interface RegionalRecord {
  /** Region whose Kafka holds it. */
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly envelope: Envelope;
}

/** When a stretch of a regional topic was settled in a destination, from the batch-metadata index. */
export interface SettledRange {
  readonly source: string;
  readonly destination: string;
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** Epoch ms. */
  readonly at: number;
}

/** Latencies in ms of every event that reached every destination. */
export interface Latencies {
  /** Source record → acknowledged by every Elasticsearch, whichever lane came first. */
  readonly acknowledged: number[];
  /** Source record → settled by all lanes. */
  readonly allLanes: number[];
  /** Events that some destination never acknowledged. */
  readonly missing: number;
}

/** Joins records with the batches that settled them. Pure; every event is one (id, version, source time). */
export function latenciesOf(records: readonly RegionalRecord[], ranges: readonly SettledRange[], destinations: readonly string[]): Latencies {
  const find = indexRanges(ranges);
  const events = new Map<string, { sourceTime: number; settled: Map<string, number[]> }>();
  for (const record of records) {
    const { id, version, sourceTime } = record.envelope;
    const key = `${id}\0${version}\0${sourceTime}`;
    const event = events.get(key) ?? { sourceTime, settled: new Map<string, number[]>() };
    events.set(key, event);
    for (const destination of destinations) {
      const at = find(record, destination);
      if (at !== null) event.settled.set(destination, [...(event.settled.get(destination) ?? []), at]);
    }
  }
  return summarise([...events.values()], destinations);
}

function summarise(events: readonly { sourceTime: number; settled: Map<string, number[]> }[], destinations: readonly string[]): Latencies {
  const whole = events.filter((event) => destinations.every((destination) => event.settled.has(destination)));
  return {
    acknowledged: whole.map((event) => Math.max(...destinations.map((destination) => Math.min(...(event.settled.get(destination) as number[])))) - event.sourceTime),
    allLanes: whole.map((event) => Math.max(...[...event.settled.values()].flat()) - event.sourceTime),
    missing: events.length - whole.length,
  };
}

function indexRanges(ranges: readonly SettledRange[]): (record: RegionalRecord, destination: string) => number | null {
  const byPartition = Map.groupBy(ranges, (range) => `${range.source}/${range.destination}/${range.topic}/${range.partition}`);
  for (const list of byPartition.values()) list.sort((a, b) => a.last - b.last);
  return (record, destination) => {
    const list = byPartition.get(`${record.source}/${destination}/${record.topic}/${record.partition}`) ?? [];
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] as SettledRange).last < record.offset) low = middle + 1;
      else high = middle;
    }
    const range = list[low];
    return range !== undefined && range.first <= record.offset ? range.at : null;
  };
}
