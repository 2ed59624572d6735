import { describe, expect, it } from 'vitest';
import { BodyLimit } from '../../src/indexing/deliver.ts';

describe('the learned body limit', () => {
  it('stays below what was refused', () => {
    const limit = new BodyLimit();
    limit.refused(1_000);
    limit.refused(2_000);
    expect(limit.bytes).toBe(999);
  });

  it('rises again, slowly, while requests are taken', () => {
    const limit = new BodyLimit();
    limit.refused(1_001);
    for (let request = 0; request < 199; request += 1) limit.took();
    expect(limit.bytes).toBe(1_000);
    limit.took();
    expect(limit.bytes).toBe(1_250);
  });
});
