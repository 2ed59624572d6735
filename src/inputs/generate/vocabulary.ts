import { KINDS, OTHER_GOODS } from './goods.ts';
import type { Goods } from './goods.ts';
import type { Random } from './random.ts';

/** The goods of a category, by the names on its path, the nearest first. */
export function goodsOf(path: readonly string[]): Goods {
  for (const name of path.toReversed()) {
    const kind = KINDS.find(([pattern]) => pattern.test(name));
    if (kind !== undefined) return kind[1];
  }
  return OTHER_GOODS;
}

const OPENINGS = ['', '', '', '', 'NEW ', 'Genuine ', 'RARE ', 'Vintage ', 'L@@K ', 'Original '];

/** A title as sellers write them, at most 80 characters. */
export function titleOf(random: Random, goods: Goods, leaf: string): string {
  const details = [random.pick(goods.details), random.pick(goods.details)];
  const words = [`${random.pick(OPENINGS)}${random.pickPopular(goods.brands)}`, random.pick(goods.nouns), ...new Set(details)];
  if (random.chance(0.15)) words.push(`- ${leaf}`);
  if (random.chance(0.15)) words.push(`#${random.integer(1_000, 99_999)}`);
  const title = words.join(' ');
  return (random.chance(0.08) ? title.toUpperCase() : title).slice(0, 80).trimEnd();
}

/** A price in hundredths, log-normal about the kind's median; most end in 99, 50 or 00. */
export function priceCentsOf(random: Random, goods: Goods, perDollar: number): number {
  const cents = Math.max(99, Math.round(random.logNormal(goods.median, goods.sigma) * 100 * perDollar));
  if (cents < 300 || random.chance(0.3)) return cents;
  return Math.floor(cents / 100) * 100 + random.pick([99, 99, 99, 95, 50, 0]);
}
