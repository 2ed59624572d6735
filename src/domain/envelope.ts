/**
 * What a processor needs to know of a record, in one binary header beside the document bytes, so that the value is never
 * parsed. Layout of version 1, big-endian: u8 format · u8 operation · u16 schema · u64 version · i48 routing time ·
 * i48 source time · i48 ingest time (epoch ms each) · u8 length of pipeline · pipeline (UTF-8) · id (UTF-8, the rest).
 */
export const ENVELOPE_HEADER = 'sluice';
const FORMAT = 1;
const PIPELINE_LENGTH_AT = 30;
const PIPELINE_AT = 31;
const HIGH = 2 ** 32;
/** The last time that 48 bits hold (year 6429), epoch ms. */
export const MAX_TIME = 2 ** 47 - 1;

export type Operation = 'index' | 'delete';

export interface Envelope {
  readonly operation: Operation;
  readonly schema: number;
  readonly version: number;
  readonly routingTime: number;
  /** Timestamp of the source record. */
  readonly sourceTime: number;
  /** When ingest finished the document. */
  readonly ingestTime: number;
  readonly pipeline: string;
  readonly id: string;
}

/** A record's timestamp can be anything, none (-1) included: as a time from 1970 to the last that an envelope holds. */
export function boundedTime(time: number): number {
  return Math.min(Math.max(0, time), MAX_TIME);
}

export function encodeEnvelope(envelope: Envelope): Buffer {
  const pipelineBytes = Buffer.byteLength(envelope.pipeline);
  const header = Buffer.allocUnsafe(PIPELINE_AT + pipelineBytes + Buffer.byteLength(envelope.id));
  header[0] = FORMAT;
  header[1] = envelope.operation === 'index' ? 0 : 1;
  header.writeUInt16BE(envelope.schema, 2);
  header.writeUInt32BE(Math.floor(envelope.version / HIGH), 4);
  header.writeUInt32BE(envelope.version % HIGH, 8);
  header.writeIntBE(envelope.routingTime, 12, 6);
  header.writeIntBE(boundedTime(envelope.sourceTime), 18, 6);
  header.writeIntBE(boundedTime(envelope.ingestTime), 24, 6);
  header[PIPELINE_LENGTH_AT] = pipelineBytes;
  header.write(envelope.pipeline, PIPELINE_AT);
  header.write(envelope.id, PIPELINE_AT + pipelineBytes);
  return header;
}

/** Lazy view over an envelope's bytes: the hot path reads numbers and copies the id's bytes without making strings. */
export class EnvelopeView {
  #bytes: Buffer = Buffer.alloc(0);

  /** Points the view at a header; false where it is none of ours (unknown format, too short). */
  read(bytes: Buffer): boolean {
    this.#bytes = bytes;
    return bytes.length > PIPELINE_AT && bytes[0] === FORMAT && bytes.length > this.idAt;
  }

  get operation(): Operation { return this.#bytes[1] === 1 ? 'delete' : 'index'; }
  get schema(): number { return this.#bytes.readUInt16BE(2); }
  get version(): number { return this.#bytes.readUInt32BE(4) * HIGH + this.#bytes.readUInt32BE(8); }
  get routingTime(): number { return this.#bytes.readIntBE(12, 6); }
  get sourceTime(): number { return boundedTime(this.#bytes.readIntBE(18, 6)); }
  get ingestTime(): number { return boundedTime(this.#bytes.readIntBE(24, 6)); }
  get pipeline(): string { return this.#bytes.toString('utf8', PIPELINE_AT, this.idAt); }
  get id(): string { return this.#bytes.toString('utf8', this.idAt); }
  get bytes(): Buffer { return this.#bytes; }
  /** Where the pipeline's field (length and name) begins; it runs to the id. */
  get pipelineAt(): number { return PIPELINE_LENGTH_AT; }
  /** Where the id begins; it runs to the end. */
  get idAt(): number { return PIPELINE_AT + (this.#bytes[PIPELINE_LENGTH_AT] ?? 0); }
}

/** The whole envelope as a value; null where the header is none of ours. */
export function decodeEnvelope(bytes: Buffer): Envelope | null {
  const view = new EnvelopeView();
  if (!view.read(bytes)) return null;
  const { operation, schema, version, routingTime, sourceTime, ingestTime, pipeline, id } = view;
  return { operation, schema, version, routingTime, sourceTime, ingestTime, pipeline, id };
}
