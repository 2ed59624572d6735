import { EnvelopeView, ENVELOPE_HEADER, encodeEnvelope, type Operation } from '../domain/envelope.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import type { OperationInput } from './batch.ts';
import { readForeignRecord } from './foreign-record.ts';
import { flawOfDocument, flawOfId, flawOfSchema, flawOfVersion, type Flaw } from './precheck.ts';
import type { Target, Targets } from './targets.ts';

/** Why a record is no operation, with what is known of it. */
export interface Unfit {
  readonly stage: 'envelope' | 'precheck';
  readonly flaw: Flaw;
}

/** Reused for every record: what the batch needs of one operation. */
class Scratch implements OperationInput {
  operation: Operation = 'index';
  target!: Target;
  id: Buffer = Buffer.alloc(0);
  idAt = 0;
  version = 0;
  value: Buffer | null = null;
  sourceTime = 0;
  ingestTime = 0;
}

export interface OperationReaderOptions {
  readonly targets: Targets;
  /** Pipeline of a topic, for records that do not say. */
  readonly pipelineOf: (topic: string) => string;
  readonly maxDocumentBytes: number;
}

/** Turns records into operations without making an object per record: `current` holds the last one read. */
export class OperationReader {
  readonly current: OperationInput;
  readonly #scratch = new Scratch();
  readonly #view = new EnvelopeView();
  readonly #options: OperationReaderOptions;
  #pipelineBytes: Buffer = Buffer.alloc(0);
  #pipeline = '';

  constructor(options: OperationReaderOptions) {
    this.#options = options;
    this.current = this.#scratch;
  }

  /** Reads record `index`; null when `current` is fit to be sent. The result's buffers live as long as the block. */
  read(block: RecordBlock, index: number): Unfit | null {
    const header = block.header(index, ENVELOPE_HEADER);
    if (header === null) return this.#readForeign(block, index);
    if (!this.#view.read(header)) return envelopeFlaw('envelope_unreadable', 'the sluice header has an unknown format or is cut');
    this.#scratch.value = block.value(index);
    return this.#fill();
  }

  /** Id of the last record read, as a string. */
  currentId(): string {
    return this.#scratch.id.toString('utf8', this.#scratch.idAt);
  }

  #readForeign(block: RecordBlock, index: number): Unfit | null {
    const foreign = readForeignRecord(block.value(index), this.#options.pipelineOf(block.topic), block.timestamp(index));
    if (!foreign.ok) return envelopeFlaw('envelope_missing', foreign.reason);
    this.#view.read(encodeEnvelope(foreign.envelope));
    this.#scratch.value = foreign.value;
    return this.#fill();
  }

  #fill(): Unfit | null {
    const view = this.#view;
    const scratch = this.#scratch;
    scratch.operation = view.operation;
    scratch.id = view.bytes;
    scratch.idAt = view.idAt;
    scratch.version = view.version;
    scratch.sourceTime = view.sourceTime;
    scratch.ingestTime = view.ingestTime;
    const target = this.#options.targets.of(this.#pipelineName(), view.routingTime);
    if (target === null) return envelopeFlaw('index_unknown', `no index for pipeline ${view.pipeline} and routing time ${view.routingTime}`);
    scratch.target = target;
    const flaw = flawOfId(scratch.id.length - scratch.idAt) ?? flawOfVersion(scratch.version) ?? flawOfSchema(view.schema, target.schema) ?? this.#flawOfValue();
    return flaw === null ? null : { stage: 'precheck', flaw };
  }

  #flawOfValue(): Flaw | null {
    const { operation, value } = this.#scratch;
    if (operation === 'delete') return null;
    if (value === null) return { type: 'document_missing', reason: 'an index operation needs a document, the record has no value' };
    return flawOfDocument(value, this.#options.maxDocumentBytes);
  }

  /** Most records of a topic name one pipeline: its string is made once. */
  #pipelineName(): string {
    const { bytes, pipelineAt, idAt } = this.#view;
    const known = this.#pipelineBytes;
    if (known.length === idAt - pipelineAt && standsAt(bytes, pipelineAt, known)) return this.#pipeline;
    this.#pipelineBytes = Buffer.from(bytes.subarray(pipelineAt, idAt));
    this.#pipeline = this.#view.pipeline;
    return this.#pipeline;
  }
}

/** For a few bytes a loop is several times faster than a call into the engine. */
function standsAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1) if (bytes[at + index] !== expected[index]) return false;
  return true;
}

function envelopeFlaw(type: string, reason: string): Unfit {
  return { stage: 'envelope', flaw: { type, reason } };
}
