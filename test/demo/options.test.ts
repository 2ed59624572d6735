import { describe, expect, it } from 'vitest';
import { demoOptions } from '../../src/demo/options.ts';

describe('the command line of the demonstration', () => {
  it('generates a gentle stream unless told otherwise', () => {
    expect(demoOptions([])).toMatchObject({ once: false, json: false, rate: 250, events: 7_500, input: null });
  });

  it('replays a file whole, as fast as it goes', () => {
    expect(demoOptions(['--once', '--input', 'a.csv', '--pipeline', 'retail-sales'])).toMatchObject({ once: true, rate: 0, events: null, input: 'a.csv' });
  });

  it.each([
    [['--rate', '-1']], [['--rate', 'fast']], [['--rate', '']], [['--events', '0']], [['--corrupt', '2']],
    [['--input', 'a.csv']], [['--pipeline', 'retail-sales']], [['--input', 'a.csv', '--pipeline', 'sold-items']], [['--bogus']],
    [['--input', 'a.csv', '--pipeline', 'retail-sales', '--events', '5']],
  ])('refuses %j', (args) => {
    expect(() => demoOptions(args)).toThrow();
  });
});
