import { encodeEnvelope, ENVELOPE_HEADER } from '../src/domain/envelope.ts';
import { documentBytes } from '../src/domain/fingerprint.ts';
import { indexNameOf } from '../src/domain/index-name.ts';
import { regionalTopicOf, type AnyPipeline } from '../src/domain/pipeline.ts';
import { versionOf } from '../src/domain/version.ts';
import { readRecords, RETAIL_SALES } from '../src/inputs/replay/read-records.ts';
import type { OutgoingRecord } from '../src/ports/record-log.ts';
import { BENCH_PIPELINE, pipelineNamed, saleDocuments } from './events.ts';

/** One for all, so that they fall into one index. */
const ROUTING_TIME = Date.UTC(2026, 10, 15);
/** Different documents; the rest differ from one of them by id and listing. */
const TEMPLATES = 2_000;

/** One bench document: always the same for the same number. */
export interface BenchDocument {
  readonly pipeline: string;
  readonly key: string;
  readonly id: string;
  readonly version: number;
  /** Epoch ms. */
  readonly routingTime: number;
  readonly body: string;
}

/** Documents of one pipeline by number, as many as are wanted. */
export interface BenchDocuments {
  readonly pipeline: AnyPipeline;
  readonly of: (number: number) => BenchDocument;
}

/** A source of endless documents of about 600 bytes. */
export async function benchDocuments(): Promise<(number: number) => BenchDocument> {
  const bodies = (await saleDocuments(TEMPLATES)).map((document) => JSON.stringify(document.body));
  return (number) => {
    const listing = String(300_000_000_000 + number);
    const json = (bodies[number % bodies.length] as string).replace(/"listing_id":"\d+"/, `"listing_id":"${listing}"`);
    const [id, version] = [`${listing}-1`, 1_790_000_000_000 + number];
    const body = documentBytes(json, { id, version, deleted: false }).toString();
    return { pipeline: BENCH_PIPELINE, key: listing, id, version, routingTime: ROUTING_TIME, body };
  };
}

/** The documents of a file of real sales, each in its last version and in the file's order; beyond its end they come again under other ids. */
export async function salesDocuments(path: string): Promise<BenchDocuments> {
  const pipeline = pipelineNamed(RETAIL_SALES);
  const latest = new Map<string, BenchDocument>();
  for await (const { payload } of readRecords({ pipeline: RETAIL_SALES, paths: [path], stdin: process.stdin })) {
    const decoded = pipeline.decode(payload);
    if (!decoded.ok) continue;
    const document = pipeline.toDocument(decoded.event, {});
    if ('skip' in document || document.deleted) continue;
    const { id, key, routingTime, deleted } = document;
    const version = versionOf(document.sourceVersion, 0);
    latest.set(id, { pipeline: pipeline.name, key, id, version, routingTime, body: documentBytes(JSON.stringify(document.body), { id, version, deleted }).toString() });
  }
  const documents = [...latest.values()];
  if (documents.length === 0) throw new Error(`${path} holds no sales`);
  return { pipeline, of: (number) => copyOf(documents[number % documents.length] as BenchDocument, Math.floor(number / documents.length)) };
}

function copyOf(document: BenchDocument, copy: number): BenchDocument {
  return copy === 0 ? document : { ...document, id: `${document.id}/${copy}` };
}

/** The generated documents, or those of a file. */
export async function documentsFrom(input: string | undefined): Promise<BenchDocuments> {
  return input === undefined ? { pipeline: pipelineNamed(BENCH_PIPELINE), of: await benchDocuments() } : salesDocuments(input);
}

/** The index that a lane puts a document into. */
export function indexOf(prefix: string, { name, index }: AnyPipeline, routingTime: number = ROUTING_TIME): string {
  return indexNameOf(prefix + name, index.period, routingTime);
}

/** The same document as ingest would have written it. Times are epoch ms. */
export function recordOf(prefix: string, document: BenchDocument, now: number, routingTime = document.routingTime): OutgoingRecord {
  const { pipeline, id, version, key, body } = document;
  const envelope = encodeEnvelope({ operation: 'index', schema: 1, version, routingTime, sourceTime: now, ingestTime: now, pipeline, id });
  return { topic: regionalTopicOf(prefix, pipeline), key: Buffer.from(key), value: Buffer.from(body), headers: new Map([[ENVELOPE_HEADER, envelope]]) };
}
