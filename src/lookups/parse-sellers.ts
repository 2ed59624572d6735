import { z } from 'zod';
import type { Seller } from '../domain/pipeline.ts';

const seller = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  country: z.string().length(2),
  since: z.iso.date(),
  feedback: z.number().min(0).max(100),
});

/** One seller from JSON text; throws where it is none. */
export function parseSeller(text: string): Seller {
  return seller.parse(JSON.parse(text));
}

/** Sellers by id from NDJSON; a later line replaces an earlier one of the same id. Throws with the number of the bad line, or where there is none. */
export function parseSellers(text: string): Map<string, Seller> {
  const sellers = new Map<string, Seller>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line, index + 1);
    sellers.set(parsed.id, parsed);
  }
  if (sellers.size === 0) throw new Error('there are no sellers');
  return sellers;
}

function parseLine(line: string, number: number): Seller {
  try {
    return parseSeller(line);
  } catch (error) {
    throw new Error(`line ${number} is no seller`, { cause: error });
  }
}
