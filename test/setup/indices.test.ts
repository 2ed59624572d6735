import { describe, expect, test } from 'vitest';
import { createAhead, keepAhead } from '../../src/setup/create-ahead.ts';
import { createIndexKeeper } from '../../src/setup/ensure-indices.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';

const DAY_MS = 86_400_000;

describe('index keeper', () => {
  test('creates what is missing, once, and says what it created', async () => {
    const search = new MemorySearch();
    const keeper = createIndexKeeper(search);
    expect(await keeper.ensure(['a', 'b', 'a'])).toEqual(['a', 'b']);
    const calls = search.calls.length;
    expect(await keeper.ensure(['a', 'b'])).toEqual([]);
    expect(search.calls).toHaveLength(calls);
  });
  test('an index that is there is no creation', async () => {
    const search = new MemorySearch();
    await search.call('PUT', '/a');
    expect(await createIndexKeeper(search).ensure(['a', 'b'])).toEqual(['b']);
    expect(search.calls.filter((call) => call.startsWith('PUT /a'))).toHaveLength(1);
  });
  test('the same index asked for twice at once is created once', async () => {
    const search = new MemorySearch();
    const keeper = createIndexKeeper(search);
    await Promise.all([keeper.ensure(['a']), keeper.ensure(['a'])]);
    expect(search.calls.filter((call) => call.startsWith('PUT'))).toHaveLength(1);
  });
  test('another process that was faster is no error', async () => {
    const search = new MemorySearch();
    const results = await Promise.all([createIndexKeeper(search).ensure(['a', 'b']), createIndexKeeper(search).ensure(['b', 'a'])]);
    expect(results.flat().sort()).toEqual(['a', 'b']);
  });
  test('a refusal is told, not remembered', async () => {
    const search = new MemorySearch();
    const keeper = createIndexKeeper(search);
    await expect(keeper.ensure(['UPPER', 'lower'])).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED', details: { index: 'UPPER', type: 'invalid_index_name_exception' } });
    await expect(keeper.ensure(['UPPER'])).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED' });
    expect(search.indices.has('lower')).toBe(true);
  });
  test('a forgotten name is looked at again', async () => {
    const search = new MemorySearch();
    const keeper = createIndexKeeper(search);
    await keeper.ensure(['a']);
    search.indices.clear();
    expect(await keeper.ensure(['a'])).toEqual([]);
    keeper.forget(['a']);
    expect(await keeper.ensure(['a'])).toEqual(['a']);
  });
  test('its memory is bounded', async () => {
    const search = new MemorySearch();
    const keeper = createIndexKeeper(search, { remembered: 2 });
    await keeper.ensure(['a', 'b', 'c']);
    const calls = search.calls.length;
    await keeper.ensure(['b', 'c']);
    expect(search.calls).toHaveLength(calls);
    await keeper.ensure(['a']);
    expect(search.calls.length).toBeGreaterThan(calls);
  });
});

describe('indices ahead', () => {
  const span = { ahead: 2, behind: 1 };
  test('by month, over the end of a year and of a long month', () => {
    expect(createAhead(Date.UTC(2026, 11, 31, 23), span, [{ name: 'a', period: 'month' }])).toEqual(['a-2026.11', 'a-2026.12', 'a-2027.01', 'a-2027.02']);
  });
  test('by day, over a leap day', () => {
    expect(createAhead(Date.UTC(2028, 1, 28, 12), span, [{ name: 'a', period: 'day' }])).toEqual(['a-2028.02.27', 'a-2028.02.28', 'a-2028.02.29', 'a-2028.03.01']);
  });
  test('by year, family by family', () => {
    expect(createAhead(Date.UTC(2026, 5, 1), { ahead: 0, behind: 0 }, [{ name: 'a', period: 'year' }, { name: 'b', period: 'year' }])).toEqual(['a-2026', 'b-2026']);
  });

  test('are created every day until told to stop', async () => {
    const search = new MemorySearch();
    const clock = new ManualClock(Date.UTC(2026, 10, 22));
    const rounds: unknown[] = [];
    const stop = new AbortController();
    const running = keepAhead({ clock, keeper: createIndexKeeper(search), span: { ahead: 1, behind: 0 }, families: [{ name: 'a', period: 'day' }], onRound: (round) => rounds.push(round) }, stop.signal);
    await clock.advance(0);
    await clock.advance(DAY_MS);
    stop.abort();
    await running;
    expect(rounds).toEqual([{ created: ['a-2026.11.22', 'a-2026.11.23'] }, { created: ['a-2026.11.24'] }]);
  });
  test('a round that fails is told, and tried again within minutes', async () => {
    const search = new MemorySearch();
    const clock = new ManualClock();
    const rounds: object[] = [];
    const stop = new AbortController();
    search.setDown(true);
    const running = keepAhead({ clock, keeper: createIndexKeeper(search), span: { ahead: 0, behind: 0 }, families: [{ name: 'a', period: 'year' }], onRound: (round) => rounds.push(round) }, stop.signal);
    await clock.advance(0);
    search.setDown(false);
    await clock.advance(5 * 60_000);
    stop.abort();
    await running;
    expect(rounds).toEqual([{ error: expect.objectContaining({ code: 'ELASTICSEARCH_UNAVAILABLE' }) as unknown }, { created: ['a-2026'] }]);
  });
});
