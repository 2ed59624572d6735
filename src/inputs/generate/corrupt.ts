import type { Random } from './random.ts';

/** How a payload can be spoiled. */
export type Corruption = 'empty' | 'broken-json' | 'not-an-object' | 'wrong-type' | 'missing-field' | 'invalid-utf8' | 'unknown-currency' | 'unknown-seller' | 'unknown-category';

/** Where in the pipeline a spoiled payload is found out. */
export function stageOf(corruption: Corruption): 'decode' | 'enrich' {
  return corruption.startsWith('unknown-') ? 'enrich' : 'decode';
}

const ANY_EVENT: readonly Corruption[] = ['empty', 'broken-json', 'not-an-object', 'wrong-type', 'missing-field', 'invalid-utf8'];
const FULL_EVENT: readonly Corruption[] = [...ANY_EVENT, 'unknown-currency', 'unknown-seller', 'unknown-category'];

type EventFields = Readonly<Record<string, unknown>>;

/** A spoiled payload made from an event, and what is wrong with it. */
export function corrupted(random: Random, event: EventFields): { corruption: Corruption; payload: Buffer } {
  const corruption = random.pick(event['deleted'] === true ? ANY_EVENT : FULL_EVENT);
  return { corruption, payload: spoil(random, corruption, event) };
}

function spoil(random: Random, corruption: Corruption, event: EventFields): Buffer {
  const text = JSON.stringify(event);
  switch (corruption) {
    case 'empty': return Buffer.alloc(0);
    case 'broken-json': return Buffer.from(text.slice(0, random.integer(1, text.length - 1)));
    case 'not-an-object': return Buffer.from(random.pick(['null', '42', '"sold"', '[]', `[${text}]`]));
    case 'wrong-type': return bytesOf({ ...event, updatedAt: String(event['updatedAt']) });
    case 'missing-field': return bytesOf({ ...event, listingId: undefined });
    case 'invalid-utf8': return withInvalidUtf8(text, random);
    case 'unknown-currency': return bytesOf({ ...event, currency: 'XXX' });
    case 'unknown-seller': return bytesOf({ ...event, sellerId: 'nobody-0' });
    case 'unknown-category': return bytesOf({ ...event, categoryId: 'nowhere-0' });
  }
}

function bytesOf(value: EventFields): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** 0xff stands nowhere in UTF-8. */
function withInvalidUtf8(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  bytes[random.integer(1, bytes.length - 2)] = 0xff;
  return bytes;
}
