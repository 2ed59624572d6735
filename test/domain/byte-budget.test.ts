import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../src/domain/byte-budget.ts';

describe('a byte budget', () => {
  it('grants at once while there is room and counts what is held', async () => {
    const budget = new ByteBudget(100);
    await budget.acquire(60);
    await budget.acquire(40);
    expect(budget.inUse).toBe(100);
    expect(budget.tryAcquire(1)).toBe(false);
  });

  it('lets waiting requests in first come, first served, even where a later one would fit', async () => {
    const budget = new ByteBudget(100);
    await budget.acquire(90);
    const order: string[] = [];
    const large = budget.acquire(50).then(() => order.push('large'));
    const small = budget.acquire(10).then(() => order.push('small'));
    expect(budget.tryAcquire(5)).toBe(false);
    budget.release(90);
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
    expect(budget.inUse).toBe(60);
  });

  it('grants a request over the limit alone, so that one giant record cannot stall', async () => {
    const budget = new ByteBudget(100);
    await budget.acquire(1);
    const giant = budget.acquire(500);
    expect(budget.waiting).toBe(1);
    budget.release(1);
    await giant;
    expect(budget.inUse).toBe(500);
    budget.release(500);
    expect(budget.tryAcquire(100)).toBe(true);
  });

  it('forgets an aborted request and lets the next one in', async () => {
    const budget = new ByteBudget(100);
    await budget.acquire(80);
    const abort = new AbortController();
    const first = budget.acquire(50, abort.signal);
    const second = budget.acquire(20);
    abort.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
    await second;
    expect(budget.inUse).toBe(100);
    await expect(budget.acquire(1, abort.signal)).rejects.toThrow('stopped');
  });

  it('counts what was taken beyond the limit, and makes later requests wait for it', async () => {
    const budget = new ByteBudget(100);
    budget.take(150);
    const later = budget.acquire(10);
    budget.release(100);
    await later;
    expect(budget.inUse).toBe(60);
  });

  it('refuses to be given more than it gave', () => {
    expect(() => { new ByteBudget(10).release(1); }).toThrow(RangeError);
    expect(() => new ByteBudget(0)).toThrow(RangeError);
  });

  it('never holds more than the limit but for one oversized request, and serves everyone', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 40 }), async (sizes) => {
      const budget = new ByteBudget(100);
      let holders = 0;
      await Promise.all(sizes.map(async (size) => {
        await budget.acquire(size);
        holders += 1;
        expect(budget.inUse <= budget.limit || holders === 1).toBe(true);
        await Promise.resolve();
        holders -= 1;
        budget.release(size);
      }));
      expect(budget.inUse).toBe(0);
      expect(budget.waiting).toBe(0);
    }));
  });
});
