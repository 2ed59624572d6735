import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCategories, makeRates, makeSellers } from '../../reference/make.ts';
import { LOOK_BACK_DAYS, parseRates } from '../../src/lookups/dated-rates.ts';
import { parseCategories } from '../../src/lookups/parse-categories.ts';
import { parseSellers } from '../../src/lookups/parse-sellers.ts';

const reference = (name: string): string => readFileSync(new URL(`../../reference/${name}`, import.meta.url), 'utf8');

describe('the reference files that come with the project', () => {
  it('are what their script makes', () => {
    expect(reference('categories.json')).toBe(makeCategories());
    expect(reference('sellers.ndjson')).toBe(makeSellers());
    expect(reference('rates.csv')).toBe(makeRates());
  });

  it('can be parsed whole', () => {
    expect(parseCategories(reference('categories.json')).get('1101')).toEqual({ id: '1101', path: ['Electronics', 'Phones', 'Smartphones'] });
    expect(parseSellers(reference('sellers.ndjson')).size).toBe(500);
    const rates = parseRates(reference('rates.csv'));
    expect(rates.get('USD@2010-12-01')).toBe(1);
    expect(rates.get('GBP@2026-11-22')).toBeGreaterThan(1);
  });
});

describe('categories', () => {
  it('refuses an id that stands twice, and what is no tree', () => {
    expect(() => parseCategories('[{"id":"1","name":"a","children":[{"id":"1","name":"b"}]}]')).toThrow('category 1 stands twice');
    expect(() => parseCategories('{"id":"1"}')).toThrow();
    expect(() => parseCategories('[]')).toThrow();
  });
});

describe('sellers', () => {
  it('names the bad line', () => {
    const good = '{"id":"s1","name":"A","country":"GB","since":"2010-01-01","feedback":99.5}';
    expect(() => parseSellers(`${good}\n\n{"id":"s2"}`)).toThrow('line 3');
    expect(() => parseSellers(`${good}\nnot json`)).toThrow('line 2');
    expect(parseSellers(`${good}\n`).get('s1')?.feedback).toBe(99.5);
  });

  it('refuses an empty file', () => {
    expect(() => parseSellers('')).toThrow('no sellers');
    expect(() => parseSellers('\n\n')).toThrow('no sellers');
  });
});

describe('dated rates', () => {
  const rates = parseRates('date,currency,usd\n2020-02-01,GBP,1.3\n2020-01-01,GBP,1.2\n2020-01-01,EUR,1.1\n');

  it('gives the latest rate known up to the day', () => {
    expect(rates.get('GBP@2020-01-01')).toBe(1.2);
    expect(rates.get('GBP@2020-01-31')).toBe(1.2);
    expect(rates.get('GBP@2020-02-01')).toBe(1.3);
  });

  it('knows nothing before the first day, of other currencies, of malformed keys', () => {
    expect(rates.get('GBP@2019-12-31')).toBeUndefined();
    expect(rates.get('XXX@2020-01-01')).toBeUndefined();
    expect(rates.get('GBP2020-01-01')).toBeUndefined();
    expect(rates.get('')).toBeUndefined();
  });

  it('stops looking back after a bounded number of days', () => {
    const day = (after: number): string => new Date(Date.UTC(2020, 0, 1 + after)).toISOString().slice(0, 10);
    expect(rates.get(`EUR@${day(LOOK_BACK_DAYS)}`)).toBe(1.1);
    expect(rates.get(`EUR@${day(LOOK_BACK_DAYS + 1)}`)).toBeUndefined();
  });

  it('refuses wrong lines and an empty file', () => {
    expect(() => parseRates('date,currency,usd\n2020-13-01,GBP,1\n')).toThrow('rate 1');
    expect(() => parseRates('date,currency,usd\n2020-01-01,GBP,-1\n')).toThrow('rate 1');
    expect(() => parseRates('date,currency,usd\n')).toThrow('no rates');
  });

  it('agrees with a plain search through all lines', () => {
    const day = fc.integer({ min: 0, max: 400 }).map((days) => new Date(Date.UTC(2020, 0, 1 + days)).toISOString().slice(0, 10));
    fc.assert(fc.property(fc.uniqueArray(day, { minLength: 1, maxLength: 20 }), day, (dates, asked) => {
      const text = ['date,currency,usd', ...dates.map((date, index) => `${date},GBP,${index + 1}`)].join('\n');
      const latest = dates.filter((date) => date <= asked).toSorted().at(-1);
      const inReach = latest !== undefined && Date.parse(asked) - Date.parse(latest) <= LOOK_BACK_DAYS * 86_400_000;
      expect(parseRates(text).get(`GBP@${asked}`)).toBe(inReach ? dates.indexOf(latest) + 1 : undefined);
    }));
  });
});
