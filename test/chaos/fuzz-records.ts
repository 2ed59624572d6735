import { encodeEnvelope, ENVELOPE_HEADER, type Envelope } from '../../src/domain/envelope.ts';
import { regionalTopicOf, sourceTopicOf } from '../../src/domain/pipeline.ts';
import { generate, type GeneratedRecord } from '../../src/inputs/generate/generate.ts';
import { Random } from '../../src/inputs/generate/random.ts';
import type { ReferenceIds } from '../../src/inputs/generate/reference.ts';
import type { OutgoingRecord } from '../../src/ports/record-log.ts';
import { SEQ_HEADER } from './feeder.ts';
import { sketchOf, type Sketch } from './model.ts';

/** A sound document between the mutated ones: it must come through untouched. */
export interface Neighbour {
  /** `index/id`, the index without prefix. */
  readonly key: string;
  readonly sketch: Sketch;
}

export interface FuzzedRecord {
  /** `source` or a region. */
  readonly to: string;
  readonly record: OutgoingRecord;
  readonly neighbour: Neighbour | null;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  readonly regions: readonly string[];
  readonly prefix: string;
  /** Record timestamps that a record may have beside the time of sending, epoch ms. */
  readonly timestamps: readonly number[];
}

/** What a broker takes, whatever its clock. */
export function plausibleTimestamps(now: number): number[] {
  return [now - HOUR_MS, now - 24 * HOUR_MS, now];
}

/** What no clock shows. */
export const WILD_TIMESTAMPS: readonly number[] = [0, -1, 1, 2 ** 47, 8.64e15, 253_402_300_800_000];

const NEIGHBOUR_SHARE = 0.1;
const SOURCE_SHARE = 0.5;
const MAX_MUTATIONS = 3;
const PIPELINE = 'sold-items';
const DAY = Date.UTC(2026, 10, 3);
const LARGE_BYTES = 300_000;
/** Fields that choose the index, and how often they are spoiled all the same: each wild time asks for an index of its own. */
const TIMES: ReadonlySet<string> = new Set(['soldAt', 'closedAt', 'routing_time']);
const WILD_TIMES = 0.01;
/** Where the routing time stands in the envelope. */
const ROUTING_TIME = [12, 18] as const;
const HOUR_MS = 3_600_000;

/** Values that programs like to stumble over, as JSON text. */
const ODD_VALUES = [
  'null', 'true', '-1', '0', '-0', '1e400', '1e-400', '9007199254740993', '99999999999999999999', '253402300800000', '-62135596800000', '0.1',
  '""', '"\\u0000"', '"\\ud800"', '"\\n"', '"\u2028"', '"__proto__"', '[]', '{}', '[[[[]]]]', '{"__proto__":{"deleted":true}}', `"${'x'.repeat(40_000)}"`,
];

/** The same options give the same records, byte for byte. Every record carries the header `chaos`: `fuzz`. */
export function* fuzzedRecords(reference: ReferenceIds, options: FuzzOptions): Generator<FuzzedRecord, void, undefined> {
  const random = new Random(options.seed);
  const events = generate(reference, { seed: options.seed, pipelines: ['sold-items', 'closed-listings'], perDay: options.count });
  for (let at = 0; at < options.count; at += 1) {
    if (random.chance(NEIGHBOUR_SHARE)) yield neighbourOf(at, random, options);
    else if (random.chance(SOURCE_SHARE)) yield mutatedEvent(events.next().value as GeneratedRecord, random, options);
    else yield mutatedRecord(events.next().value as GeneratedRecord, random, options);
  }
}

function neighbourOf(at: number, random: Random, { regions, prefix }: FuzzOptions): FuzzedRecord {
  const id = `neighbour-${at}`;
  const source = { listing_id: id, title: `neighbour ${at}`, quantity: at, deleted: false };
  const envelope = envelopeOf(id, at);
  const headers = new Map([[SEQ_HEADER, Buffer.from('fuzz')], [ENVELOPE_HEADER, encodeEnvelope(envelope)]]);
  const record: OutgoingRecord = { topic: regionalTopicOf(prefix, PIPELINE), key: Buffer.from(id), value: Buffer.from(JSON.stringify(source)), headers };
  return { to: random.pick(regions), record, neighbour: { key: `${PIPELINE}-2026.11.03/${id}`, sketch: sketchOf(envelope.version, source) } };
}

function envelopeOf(id: string, version: number): Envelope {
  return { operation: 'index', schema: 1, version, routingTime: DAY, sourceTime: DAY, ingestTime: DAY, pipeline: PIPELINE, id };
}

function mutatedEvent({ pipeline, payload, key }: GeneratedRecord, random: Random, { prefix, timestamps }: FuzzOptions): FuzzedRecord {
  const record: OutgoingRecord = {
    topic: sourceTopicOf(prefix, pipeline), key: mutatedKey(key, random), value: mutatedValue(payload, random),
    headers: new Map([[SEQ_HEADER, Buffer.from('fuzz')], ...(random.chance(0.1) ? [[ENVELOPE_HEADER, randomBytes(random, 60)] as const] : [])]),
    ...mutatedTime(random, timestamps),
  };
  return { to: 'source', record, neighbour: null };
}

/** A record of a regional topic whose header, value or both are spoiled. */
function mutatedRecord({ payload, key, truth }: GeneratedRecord, random: Random, { regions, prefix, timestamps }: FuzzOptions): FuzzedRecord {
  const header = encodeEnvelope(envelopeOf(`fuzz-${truth.id}`, truth.version));
  const body = Buffer.from(JSON.stringify({ listing_id: truth.id, title: payload.toString('utf8', 0, 80), quantity: 1, deleted: false }));
  const headers = new Map<string, Buffer>([[SEQ_HEADER, Buffer.from('fuzz')]]);
  if (random.chance(0.85)) headers.set(ENVELOPE_HEADER, random.chance(0.6) ? mutatedHeader(header, random) : header);
  const value = headers.has(ENVELOPE_HEADER) ? body : foreignValue(truth.id, truth.version, body);
  const record: OutgoingRecord = { topic: regionalTopicOf(prefix, PIPELINE), key: mutatedKey(key, random), value: random.chance(0.7) ? mutatedValue(value, random) : value, headers, ...mutatedTime(random, timestamps) };
  return { to: random.pick(regions), record, neighbour: null };
}

function foreignValue(id: string, version: number, body: Buffer): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(`foreign-${id}`)},"version":${version},"routing_time":${DAY},"document":${body.toString()}}`);
}

function mutatedHeader(header: Buffer, random: Random): Buffer {
  if (random.chance(0.1)) return randomBytes(random, 80);
  const mutated = mutatedBytes(header, random);
  if (mutated.length >= ROUTING_TIME[1] && !random.chance(WILD_TIMES)) header.copy(mutated, ROUTING_TIME[0], ...ROUTING_TIME);
  return mutated;
}

function mutatedKey(key: Buffer, random: Random): Buffer | null {
  if (random.chance(0.8)) return key;
  return random.chance(0.4) ? null : mutatedBytes(key, random);
}

function mutatedTime(random: Random, timestamps: readonly number[]): { timestamp?: number } {
  return random.chance(0.9) ? {} : { timestamp: random.pick(timestamps) };
}

function mutatedValue(value: Buffer, random: Random): Buffer | null {
  if (random.chance(0.01)) return null;
  if (random.chance(0.01)) return Buffer.alloc(0);
  if (random.chance(0.02)) return randomBytes(random, 400);
  if (random.chance(0.002)) return Buffer.alloc(LARGE_BYTES, random.integer(0, 255));
  return random.chance(0.4) ? oddField(value, random) : mutatedBytes(value, random);
}

/** One value of the JSON text gives way to an odd one. */
function oddField(value: Buffer, random: Random): Buffer {
  const text = value.toString();
  const fields = [...text.matchAll(/"(\w+)":("[^"]*"|[^,{}[\]]+)/g)].filter(([, name]) => !TIMES.has(name ?? '') || random.chance(WILD_TIMES));
  if (fields.length === 0) return mutatedBytes(value, random);
  const field = random.pick(fields);
  return Buffer.from(`${text.slice(0, field.index)}"${field[1]}":${random.pick(ODD_VALUES)}${text.slice(field.index + field[0].length)}`);
}
/** Bits turned, bytes cut out, put in, doubled or overwritten. */
function mutatedBytes(bytes: Buffer, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let left = random.integer(1, MAX_MUTATIONS); left > 0 && mutated.length > 0; left -= 1) mutated = mutatedOnce(mutated, random);
  return mutated;
}

function mutatedOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.integer(0, bytes.length - 1);
  const to = Math.min(bytes.length, at + random.integer(1, 20));
  switch (random.integer(0, 5)) {
    case 0: {
      const turned = Buffer.from(bytes);
      turned[at] = (turned[at] ?? 0) ^ (1 << random.integer(0, 7));
      return turned;
    }
    case 1: return Buffer.from(bytes.subarray(0, at));
    case 2: return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    case 3: return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, to), bytes.subarray(to)]);
    case 4: return Buffer.concat([bytes.subarray(0, at), randomBytes(random, 12), bytes.subarray(at)]);
    default: return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(['\n', '\0', '"', '}', '{', ',', '\\', '\u{1f40d}', '{"index":{}}\n'])), bytes.subarray(at)]);
  }
}

function randomBytes(random: Random, max: number): Buffer {
  return Buffer.from(Array.from({ length: random.integer(0, max) }, () => random.integer(0, 255)));
}
