import type { Random } from './random.ts';
import type { ReferenceIds } from './reference.ts';
import { goodsOf, priceCentsOf, titleOf } from './vocabulary.ts';

/** What is offered, the same for all that happens to it. */
export interface Listing {
  readonly listingId: string;
  readonly site: string;
  readonly title: string;
  readonly categoryId: string;
  readonly sellerId: string;
  readonly condition: string;
  readonly format: string;
  readonly priceCents: number;
  readonly currency: string;
  readonly quantity: number;
}

/** Sites with their currency, units of it for a dollar (roughly), and the country most buyers are in. */
const SITES = [
  { site: 'US', currency: 'USD', perDollar: 1, country: 'US' },
  { site: 'US', currency: 'USD', perDollar: 1, country: 'US' },
  { site: 'US', currency: 'USD', perDollar: 1, country: 'US' },
  { site: 'UK', currency: 'GBP', perDollar: 0.78, country: 'GB' },
  { site: 'UK', currency: 'GBP', perDollar: 0.78, country: 'GB' },
  { site: 'DE', currency: 'EUR', perDollar: 0.92, country: 'DE' },
  { site: 'DE', currency: 'EUR', perDollar: 0.92, country: 'DE' },
  { site: 'FR', currency: 'EUR', perDollar: 0.92, country: 'FR' },
  { site: 'IT', currency: 'EUR', perDollar: 0.92, country: 'IT' },
  { site: 'ES', currency: 'EUR', perDollar: 0.92, country: 'ES' },
  { site: 'AU', currency: 'AUD', perDollar: 1.5, country: 'AU' },
  { site: 'CA', currency: 'CAD', perDollar: 1.36, country: 'CA' },
] as const;
const CONDITIONS = ['used', 'used', 'used', 'new', 'new', 'new', 'open-box', 'refurbished', 'for-parts'] as const;
/** What a condition costs against a new thing. */
const WORTH: Readonly<Record<string, number>> = { 'new': 1, 'open-box': 0.85, 'refurbished': 0.75, 'used': 0.6, 'for-parts': 0.25 };

/** A new listing; `number` makes its id. */
export function listingOf(random: Random, reference: ReferenceIds, number: number): Listing {
  const place = random.pick(SITES);
  const category = random.pickPopular(reference.categories);
  const goods = goodsOf(category.path);
  const condition = random.pick(CONDITIONS);
  const format = random.chance(0.3) ? 'auction' : 'fixed-price';
  return {
    listingId: String(number),
    site: place.site,
    title: titleOf(random, goods, category.name),
    categoryId: category.id,
    sellerId: random.pickPopular(reference.sellerIds),
    condition,
    format,
    priceCents: priceCentsOf(random, goods, place.perDollar * (WORTH[condition] ?? 1)),
    currency: place.currency,
    quantity: format === 'fixed-price' && random.chance(0.2) ? random.integer(2, 50) : 1,
  };
}

/** Where a buyer on that site lives: mostly in its own country. */
export function buyerCountryOf(random: Random, site: string): string {
  if (random.chance(0.12)) return random.pick(SITES).country;
  return SITES.find((place) => place.site === site)?.country ?? 'US';
}
