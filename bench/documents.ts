import { encodeEnvelope, ENVELOPE_HEADER } from '../src/domain/envelope.ts';
import { documentBytes } from '../src/domain/fingerprint.ts';
import { indexNameOf } from '../src/domain/index-name.ts';
import { regionalTopicOf } from '../src/domain/pipeline.ts';
import type { OutgoingRecord } from '../src/ports/record-log.ts';
import { BENCH_PIPELINE, benchPipeline, saleDocuments } from './events.ts';

/** One for all, so that they fall into one index. */
const ROUTING_TIME = Date.UTC(2026, 10, 15);
/** Different documents; the rest differ from one of them by id and listing. */
const TEMPLATES = 2_000;

/** One bench document: always the same for the same number. */
export interface BenchDocument { readonly id: string; readonly version: number; readonly body: string }

/** The index that a lane puts them into. */
export function benchIndex(prefix: string): string {
  return indexNameOf(prefix + BENCH_PIPELINE, benchPipeline().index.period, ROUTING_TIME);
}

/** A source of endless documents of about 600 bytes. */
export async function benchDocuments(): Promise<(number: number) => BenchDocument> {
  const bodies = (await saleDocuments(TEMPLATES)).map((document) => JSON.stringify(document.body));
  return (number) => {
    const listing = String(300_000_000_000 + number);
    const json = (bodies[number % bodies.length] as string).replace(/"listing_id":"\d+"/, `"listing_id":"${listing}"`);
    const [id, version] = [`${listing}-1`, 1_790_000_000_000 + number];
    return { id, version, body: documentBytes(json, { id, version, deleted: false }).toString() };
  };
}

/** The same document as ingest would have written it. Times are epoch ms. */
export function recordOf(prefix: string, document: BenchDocument, now: number, routingTime = ROUTING_TIME): OutgoingRecord {
  const envelope = encodeEnvelope({ operation: 'index', schema: 1, version: document.version, routingTime, sourceTime: now, ingestTime: now, pipeline: BENCH_PIPELINE, id: document.id });
  return { topic: regionalTopicOf(prefix, BENCH_PIPELINE), key: Buffer.from(document.id.slice(0, 12)), value: Buffer.from(document.body), headers: new Map([[ENVELOPE_HEADER, envelope]]) };
}
