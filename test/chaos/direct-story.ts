import { encodeEnvelope, type Envelope } from '../../src/domain/envelope.ts';
import type { Random } from '../../src/inputs/generate/random.ts';
import type { DirectDocument, DirectSending } from './history.ts';

/** 2 November 2026. */
const FIRST_DAY = Date.UTC(2026, 10, 2);
const DAY_MS = 86_400_000;
const DAYS = 3;
const IDS = 400;
const NEW_VERSION = 0.7;
const FOREIGN = 0.2;
const POISON = 0.06;
/** Every seventh version of a document is its removal. */
const REMOVAL_EVERY = 7;
const PIPELINE = 'sold-items';

/** Records unfit to be indexed, as another producer could write them; each costs itself alone. */
const POISONS = {
  'header-cut': (good) => ({ ...good, header: good.header.subarray(0, 12) }),
  'header-unknown-format': (good) => ({ ...good, header: Buffer.concat([Buffer.from([9]), good.header.subarray(1)]) }),
  'header-empty': (good) => ({ ...good, header: Buffer.alloc(0) }),
  'no-header-no-json': (good) => ({ ...good, header: null, value: Buffer.from('not json at all') }),
  'no-header-no-envelope': (good) => ({ ...good, header: null }),
  'unknown-schema': (good) => ({ ...good, header: good.with({ schema: 60_000 }) }),
  'unknown-pipeline': (good) => ({ ...good, header: good.with({ pipeline: 'nobody-knows' }) }),
  'id-too-long': (good) => ({ ...good, header: good.with({ id: 'x'.repeat(600) }) }),
  'version-out-of-range': (good) => ({ ...good, header: good.with({ version: 2 ** 60 }) }),
  'no-value': (good) => ({ ...good, value: null }),
  'raw-newline': (good) => ({ ...good, value: Buffer.from('{"quantity":"many",\n"deleted":false}') }),
  'not-an-object': (good) => ({ ...good, value: Buffer.from('[1]') }),
  'broken-json': (good) => ({ ...good, value: Buffer.from('{"title":"a"') }),
  'braces-of-garbage': (good) => ({ ...good, value: Buffer.from('{"title": }') }),
  'invalid-utf8': (good) => ({ ...good, value: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }),
  'wrong-type': (good) => ({ ...good, value: Buffer.from('{"quantity":"many","deleted":false}') }),
  'unknown-field': (good) => ({ ...good, value: Buffer.from('{"never_mapped":1,"deleted":false}') }),
  'impossible-date': (good) => ({ ...good, value: Buffer.from('{"sold_at":"yesterday","deleted":false}') }),
} satisfies Record<string, (good: Good) => Written>;
const POISON_KINDS = Object.keys(POISONS) as (keyof typeof POISONS)[];

interface Written {
  readonly header: Buffer | null;
  readonly value: Buffer | null;
}

interface Good extends Written {
  readonly header: Buffer;
  readonly with: (changes: Partial<Envelope>) => Buffer;
}

/** The kinds of poison that are written into the regional topics. */
export const DIRECT_POISONS: readonly string[] = POISON_KINDS;

/** Documents written straight into one region's topic: newer, older and repeated versions, removals, and poison. */
export class DirectStory {
  readonly #random: Random;
  readonly #regions: readonly string[];
  readonly #newest = new Map<string, number>();

  constructor(random: Random, regions: readonly string[]) {
    this.#random = random;
    this.#regions = regions;
  }

  next(seq: number): DirectSending {
    const random = this.#random;
    const region = random.pick(this.#regions);
    if (random.chance(POISON)) return poisonSending(seq, region, random.pick(POISON_KINDS));
    const number = random.integer(0, IDS - 1);
    const id = `direct-${region}-${number}`;
    const newest = this.#newest.get(id) ?? 0;
    const revision = newest === 0 || random.chance(NEW_VERSION) ? newest + random.integer(1, 3) : random.integer(1, newest);
    this.#newest.set(id, Math.max(newest, revision));
    return sendingOf(seq, region, documentOf(id, number, revision), random.chance(FOREIGN));
  }
}

/** Everything about a version of a document follows from its id and its number. */
function documentOf(id: string, number: number, revision: number): DirectDocument {
  const deleted = revision % REMOVAL_EVERY === 0;
  const about = { listing_id: id, updated_at: new Date(FIRST_DAY + revision * 1_000).toISOString() };
  const source = deleted ? { ...about, deleted } : { ...about, title: `revision ${revision} of ${id}, \u00e4\u{1f40d} "quoted" \\`, quantity: revision, deleted };
  const day = new Date(routingTimeOf(number)).toISOString().slice(0, 10).replaceAll('-', '.');
  return { id, version: revision * 1_024, index: `${PIPELINE}-${day}`, source };
}

function routingTimeOf(number: number): number {
  return FIRST_DAY + (number % DAYS) * DAY_MS;
}

function sendingOf(seq: number, region: string, document: DirectDocument, foreign: boolean): DirectSending {
  const number = Number(document.id.split('-')[2]);
  const common = { kind: 'direct', seq, region, pipeline: PIPELINE, key: Buffer.from(document.id), document, poison: null } as const;
  if (foreign) {
    // A removal is told either way.
    const operation = document.source['deleted'] === true && document.version % 2_048 === 0 ? { operation: 'delete' } : {};
    const envelope = { id: document.id, version: document.version, routing_time: routingTimeOf(number), document: document.source, ...operation };
    return { ...common, header: null, value: Buffer.from(JSON.stringify(envelope)) };
  }
  return { ...common, header: encodeEnvelope(envelopeOf(document, number)), value: Buffer.from(JSON.stringify(document.source)) };
}

function envelopeOf({ id, version }: DirectDocument, number: number): Envelope {
  const time = routingTimeOf(number);
  return { operation: 'index', schema: 1, version, routingTime: time, sourceTime: time, ingestTime: time, pipeline: PIPELINE, id };
}

function poisonSending(seq: number, region: string, kind: keyof typeof POISONS): DirectSending {
  const id = `poison-${region}-${seq}`;
  const document: DirectDocument = { ...documentOf(id, 0, 1), id };
  const envelope = envelopeOf(document, 0);
  const good: Good = { header: encodeEnvelope(envelope), value: Buffer.from(JSON.stringify(document.source)), with: (changes) => encodeEnvelope({ ...envelope, ...changes }) };
  const { header, value } = (POISONS[kind] as (good: Good) => Written)(good);
  return { kind: 'direct', seq, region, pipeline: PIPELINE, key: Buffer.from(id), header, value, document: null, poison: kind };
}
