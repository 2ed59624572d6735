import { input, type Line } from './expression.ts';
import type { Input } from './input.ts';
import type { Figures } from './workload.ts';

/** Where the defaults were measured; the figures of indices and ingest on a busy machine, so they are high. */
export const MEASURED_ON = 'a virtual machine with 2 cores, which broker, Elasticsearch and processor shared; other programs had what these left, but for the figures of indices and ingest, which were measured among them';

const LANE = 'bench scale, 300,000 documents, one member';
const INDICES = 'bench indices, 200 indices';

interface MeasuredInput extends Input { readonly by: string }

/** What a plan takes from measurements. Measure on your own machines and give the results: these are from small ones. */
export const MEASURED = {
  measuredDocumentBytes: { flag: '--measured-doc-bytes', kind: 'bytes', name: 'bytes of a measured document', unit: 'bytes', about: 'JSON of the documents that the figures below were measured with', initial: 708, least: 1, most: 1e9, by: LANE },
  laneRate: { flag: '--lane-rate', kind: 'count', name: 'measured rate of a process', unit: 'documents/s', about: 'one lane process, everything on', initial: 38_690, least: 1, most: 1e9, by: LANE },
  laneCpu: { flag: '--lane-cpu', kind: 'count', name: 'CPU of a lane', unit: 'CPU-s/million', about: 'CPU-seconds of a lane process for a million documents', initial: 7.57, least: 0.01, most: 1e6, by: LANE },
  laneMib: { flag: '--lane-memory', kind: 'count', name: 'measured memory of a process', unit: 'MiB', about: 'resident memory of a lane process at full rate, MiB', initial: 285, least: 1, most: 1e6, by: LANE },
  indexingCpu: { flag: '--indexing-cpu', kind: 'count', name: 'CPU of indexing', unit: 'CPU-s/million', about: 'CPU-seconds of Elasticsearch for a million documents, one copy', initial: 30.8, least: 0.01, most: 1e6, by: LANE },
  indexBytes: { flag: '--index-bytes', kind: 'bytes', name: 'bytes of a document in the index', unit: 'bytes', about: 'on the disk of Elasticsearch, one copy', initial: 229, least: 1, most: 1e9, by: LANE },
  topicBytes: { flag: '--topic-bytes', kind: 'bytes', name: 'bytes of a record in the topic', unit: 'bytes', about: 'on the disk of Kafka, lz4, one copy', initial: 165, least: 1, most: 1e9, by: LANE },
  ingestCpu: { flag: '--ingest-cpu', kind: 'count', name: 'CPU of ingest', unit: 'CPU-s/million', about: 'CPU-seconds of ingest for a million events', initial: 400, least: 0.01, most: 1e6, by: 'bench latency: 10 % of a core at 250 events/s, so small batches, which cost more than large ones' },
  stateBytes: { flag: '--state-bytes', kind: 'bytes', name: 'bytes of an index in the cluster state', unit: 'bytes', about: 'one index of one shard, as JSON', initial: 2_907, least: 1, most: 1e9, by: INDICES },
  createMs: { flag: '--create-ms', kind: 'count', name: 'time to create an index', unit: 'ms', about: 'one index more, when all others are there', initial: 961, least: 0.01, most: 1e6, by: INDICES },
  fields: { flag: '--fields', kind: 'whole', name: 'fields of an index', unit: 'fields', about: 'mapped fields, sub-fields and objects included', initial: 40, least: 1, most: 1e5, by: 'counted in mappings/sold-items' },
} as const satisfies Readonly<Record<string, MeasuredInput>>;

export type MeasuredKey = keyof typeof MEASURED;
export type Measured = Readonly<Record<MeasuredKey, Line>>;

/** Measured figures as lines; `from` says which file or flag replaced a default. */
export function measuredOf(figures: Figures<typeof MEASURED>, from: Readonly<Partial<Record<MeasuredKey, string>>> = {}): Measured {
  const entries = Object.entries<MeasuredInput>(MEASURED).map(([key, { name, unit, initial, by }]) => {
    const given = figures[key as MeasuredKey];
    return [key, given === undefined ? input(name, unit, initial ?? Number.NaN, `measured: ${by}`) : input(name, unit, given, from[key as MeasuredKey] ?? 'given')] as const;
  });
  return Object.fromEntries(entries) as unknown as Measured;
}
