import { describe, expect, it } from 'vitest';
import { ageOf } from '../../src/main/commands/purge.ts';

const config = { topics: { retentionHours: 168, partitions: 1, replicas: 1 } };

describe('the age of tombstones to purge', () => {
  it('is twice what the topics keep and a day, unless more is asked for', () => {
    expect(ageOf(undefined, config)).toBe((2 * 168 + 24) * 3_600_000);
    expect(ageOf('16d', config)).toBe(16 * 86_400_000);
  });

  it.each(['1d', '359h', 'soon', '5', '-3d'])('refuses %s with a sentence', (text) => {
    expect(() => ageOf(text, config)).toThrow(/--older-than/);
  });
});
