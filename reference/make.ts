import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the reference data that comes with the project, the same bytes each time:
 * `node reference/make.ts` writes categories.json, sellers.ndjson and rates.csv beside itself.
 */
const SEED = 20_261_122;
const SELLERS = 500;
const FIRST_MONTH = Date.UTC(2009, 11, 1);
const LAST_MONTH = Date.UTC(2026, 11, 1);

/** Root → branch → leaves. */
const TREE: Record<string, Record<string, readonly string[]>> = {
  'Electronics': {
    'Phones': ['Smartphones', 'Phone Cases', 'Chargers'],
    'Computers': ['Laptops', 'Monitors', 'Keyboards'],
    'Cameras': ['Digital Cameras', 'Lenses', 'Tripods'],
  },
  'Home & Garden': {
    'Kitchen': ['Cookware', 'Small Appliances', 'Tableware'],
    'Decor': ['Candles & Lights', 'Gift Wrap & Bags', 'Ornaments'],
    'Garden': ['Garden Tools', 'Planters'],
  },
  'Fashion': {
    'Shoes': ['Sneakers', 'Boots'],
    'Bags': ['Handbags', 'Backpacks'],
    'Jewellery & Watches': ['Wristwatches', 'Necklaces'],
  },
  'Collectibles': {
    'Trading Cards': ['Sports Cards', 'Game Cards'],
    'Coins & Stamps': ['Coins', 'Stamps'],
    'Vinyl Records': ['Albums', 'Singles'],
  },
  'Toys & Hobbies': {
    'Building Toys': ['Sets', 'Minifigures'],
    'Model Trains': ['Locomotives', 'Track & Scenery'],
  },
  'Motors': {
    'Car Parts': ['Brakes', 'Lighting'],
    'Motorcycle Gear': ['Helmets', 'Gloves'],
  },
};

/** First known rate in US dollars, and how far it may drift from that over the years. */
const CURRENCIES: Record<string, { start: number; step: number; low: number; high: number; digits: number }> = {
  USD: { start: 1, step: 0, low: 1, high: 1, digits: 6 },
  GBP: { start: 1.6154, step: 0.022, low: 1.09, high: 1.71, digits: 6 },
  EUR: { start: 1.4321, step: 0.02, low: 0.96, high: 1.48, digits: 6 },
  JPY: { start: 0.010736, step: 0.02, low: 0.0062, high: 0.0131, digits: 8 },
  CAD: { start: 0.9534, step: 0.016, low: 0.69, high: 1.05, digits: 6 },
  AUD: { start: 0.8978, step: 0.022, low: 0.61, high: 1.1, digits: 6 },
  CHF: { start: 0.9664, step: 0.018, low: 0.93, high: 1.27, digits: 6 },
  CNY: { start: 0.14648, step: 0.006, low: 0.136, high: 0.166, digits: 6 },
};

const COUNTRIES = ['US', 'US', 'US', 'US', 'GB', 'GB', 'DE', 'DE', 'FR', 'IT', 'JP', 'CA', 'AU', 'CH', 'CN', 'CN'];
const ADJECTIVES = ['Vintage', 'Bright', 'Northern', 'Harbour', 'Golden', 'Urban', 'Little', 'Honest', 'Cobalt', 'Maple', 'Second', 'Corner'];
const NOUNS = ['Attic', 'Depot', 'Trader', 'Finds', 'Market', 'Outlet', 'Garage', 'Gallery', 'Supply', 'Exchange', 'Cellar', 'Loft'];

/** mulberry32: the same sequence of 0…1 numbers for one seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The category tree: roots 1000, 2000, …; branches 1100, …; leaves 1101, …. */
export function makeCategories(): string {
  const roots = Object.entries(TREE).map(([rootName, branches], root) => ({
    id: String((root + 1) * 1_000),
    name: rootName,
    children: Object.entries(branches).map(([branchName, leaves], branch) => ({
      id: String((root + 1) * 1_000 + (branch + 1) * 100),
      name: branchName,
      children: leaves.map((name, leaf) => ({ id: String((root + 1) * 1_000 + (branch + 1) * 100 + leaf + 1), name })),
    })),
  }));
  return `${JSON.stringify(roots, null, 2)}\n`;
}

/** Sellers s10001…s10500, one JSON object a line. */
export function makeSellers(): string {
  const random = randomFrom(SEED);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const lines = Array.from({ length: SELLERS }, (_, index) => JSON.stringify({
    id: `s${10_001 + index}`,
    name: `${pick(ADJECTIVES)} ${pick(NOUNS)} ${index + 1}`,
    country: pick(COUNTRIES),
    since: new Date(Date.UTC(2000, 0, 1) + Math.floor(random() * 9_400) * 86_400_000).toISOString().slice(0, 10),
    feedback: Math.round((100 - random() ** 3 * 12) * 10) / 10,
  }));
  return `${lines.join('\n')}\n`;
}

/** `date,currency,usd`: a bounded random walk for each currency, on the first of each month. */
export function makeRates(): string {
  const lines = ['date,currency,usd'];
  const random = randomFrom(SEED + 1);
  const rates = new Map(Object.entries(CURRENCIES).map(([currency, { start }]) => [currency, start]));
  for (let month = FIRST_MONTH; month <= LAST_MONTH; month = nextMonth(month)) {
    const date = new Date(month).toISOString().slice(0, 10);
    for (const [currency, { step, low, high, digits }] of Object.entries(CURRENCIES)) {
      const rate = rates.get(currency) as number;
      lines.push(`${date},${currency},${Number(rate.toFixed(digits))}`);
      rates.set(currency, Math.min(high, Math.max(low, rate * (1 + (random() * 2 - 1) * step))));
    }
  }
  return `${lines.join('\n')}\n`;
}

function nextMonth(month: number): number {
  const date = new Date(month);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

if (import.meta.main) {
  const write = (name: string, text: string): void => { writeFileSync(join(import.meta.dirname, name), text); };
  write('categories.json', makeCategories());
  write('sellers.ndjson', makeSellers());
  write('rates.csv', makeRates());
}
