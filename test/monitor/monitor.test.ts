import { beforeEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { isOpen, type Alert } from '../../src/monitor/alerts/alert.ts';
import { Dispatcher } from '../../src/monitor/alerts/dispatch.ts';
import { standingIndexOf } from '../../src/monitor/alerts/document.ts';
import { AlertLedger } from '../../src/monitor/alerts/ledger.ts';
import { AlertStore } from '../../src/monitor/alerts/store.ts';
import { Lease } from '../../src/monitor/lease.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import type { Level, Rule } from '../../src/monitor/rules/rule.ts';
import type { AlertMessage } from '../../src/ports/alert-channel.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { readMapping } from '../../src/setup/mapping-files.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { series } from './series.ts';

const INTERVAL_MS = 5_000;

describe('a monitor', () => {
  let clock: ManualClock;
  let level: Level;
  let dead: boolean;
  let messages: string[];
  let attempts: number;
  let forMs: number;
  const regions = new Map<string, MemorySearch>();

  beforeEach(async () => {
    clock = new ManualClock();
    [level, dead, messages, attempts, forMs] = ['good', false, [], 0, 0];
    const { mappings } = await readMapping('sluice-alerts');
    for (const region of ['west', 'east']) {
      const search = new MemorySearch();
      regions.set(region, search);
      search.templates.set('sluice-alerts', { index_patterns: ['sluice-alerts-*'], template: { mappings, aliases: { 'sluice-alerts': {} } } });
    }
  });

  const rule: Rule = { name: 'hot', severity: 'critical', keepMs: 0, get forMs() { return forMs; }, meaning: 'It is hot.', examine: () => [{ labels: { lane: 'a' }, level, value: 1, what: 'hot', evidence: [] }] };

  function start(holder: string) {
    const ensure = (region: string) => async (names: readonly string[]) => { for (const name of names) if (!regions.get(region)?.indices.has(name)) await regions.get(region)?.call('PUT', `/${name}`); };
    const stores = [...regions].map(([region, search]) => new AlertStore({ region, search, prefix: '', ensure: ensure(region), timeoutMs: 1_000, clock }));
    const channel = { send: async ({ alerts }: AlertMessage) => { attempts += 1; if (dead) throw new SluiceError('CHANNEL_UNAVAILABLE', 'down'); messages.push(...alerts.map((alert) => `${holder}: ${alert.state}`)); }, close: async () => {} };
    const dispatcher = new Dispatcher({ channels: [{ channel, policy: { name: 'chat', repeatMs: 3_600_000, groupIntervalMs: 0, perMinute: 100, severity: 'info' }, heartbeat: false }], installation: '', runbook: () => null, clock, onSent: () => {} });
    const monitor = new Monitor({
      clock, dispatcher, rules: [rule], intervalMs: INTERVAL_MS,
      observer: { look: async () => ({ ...(series(0, () => ({}))[0] as ReturnType<typeof series>[0]), at: clock.now() }), close: async () => {} },
      lease: new Lease({ regions, index: standingIndexOf(''), holder, leaseMs: 15_000, timeoutMs: 1_000, clock, ensure: async (region) => ensure(region)([standingIndexOf('')]) }),
      ledger: new AlertLedger(stores, () => {}),
      report: { looked: () => {}, turned: () => {}, changed: () => {}, broke: (_, error) => { throw error; }, refused: () => {} },
    });
    return { monitor, stores, stop: async () => { const drain = AbortSignal.abort(); await monitor.run(drain); } };
  }
  /** Rounds of looks; what was sent in one is noted in the next. */
  async function looks(rounds: number, ...monitors: readonly Monitor[]): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const monitor of monitors) await monitor.look();
      await clock.advance(INTERVAL_MS);
    }
  }
  function stored(region: string): Json[] {
    return [...(regions.get(region)?.indices.values() ?? [])].flatMap((index) => [...index.documents.values()]).flatMap(({ source }) => (source?.['kind'] === 'alert' ? [source] : []));
  }

  it('tells an alert and its end once, and keeps both in every region', async () => {
    const { monitor } = start('a');
    level = 'bad';
    await looks(4, monitor);
    level = 'good';
    await looks(4, monitor);
    expect(messages).toEqual(['a: firing', 'a: resolved']);
    for (const region of regions.keys()) expect(stored(region)).toMatchObject([{ state: 'resolved', rule: 'hot', labels: { lane: 'a' }, told: { chat: { state: 'resolved' } } }]);
    expect(monitor.alerts.filter(isOpen)).toEqual([]);
  });

  it('that is started anew goes on where the last one was: nothing is told again', async () => {
    const first = start('a');
    level = 'bad';
    await looks(3, first.monitor);
    const second = start('b');
    await looks(5, second.monitor);
    level = 'good';
    await looks(3, second.monitor);
    expect(messages).toEqual(['a: firing', 'b: resolved']);
    expect(stored('west')).toHaveLength(1);
  });

  it('writes the end of what passed before it fired, in every region', async () => {
    const { monitor } = start('a');
    [level, forMs] = ['bad', 60_000];
    await looks(2, monitor);
    for (const region of regions.keys()) expect(stored(region)).toMatchObject([{ state: 'pending' }]);
    level = 'good';
    await looks(1, monitor);
    for (const region of regions.keys()) expect(stored(region)).toMatchObject([{ state: 'resolved', fired_at: null }]);
    expect([monitor.alerts, messages]).toEqual([[], []]);
  });

  it('goes on with what the last one left pending', async () => {
    [level, forMs] = ['bad', 30_000];
    await looks(3, start('a').monitor);
    await looks(5, start('b').monitor);
    expect(messages).toEqual(['b: firing']);
  });

  it('that is started anew knows what stands behind thousands that are over, and tells its end', async () => {
    const first = start('a');
    level = 'bad';
    await looks(2, first.monitor);
    const [standing] = first.monitor.alerts;
    await clock.advance(7_200_000);
    const over = Array.from({ length: 2_500 }, (_, at) => ({ ...(standing as Alert), id: `over-${at}`, since: clock.now() - 7_000_000, state: 'resolved' as const, resolvedAt: clock.now() - 6_900_000 }));
    for (const store of first.stores) expect(await store.save(over)).toBe(0);
    const second = start('b');
    level = 'good';
    await looks(6, second.monitor);
    expect(messages).toEqual(['a: firing', 'b: resolved']);
  });

  it('that is started anew does not believe a region that missed the end long ago', async () => {
    const first = start('a');
    level = 'bad';
    await looks(2, first.monitor);
    const [standing] = first.monitor.alerts;
    await clock.advance(7_200_000);
    await first.stores[0]?.save([{ ...(standing as Alert), state: 'resolved', resolvedAt: clock.now() }]);
    await clock.advance(7_200_000);
    level = 'good';
    await looks(6, start('b').monitor);
    expect(messages).toEqual(['a: firing']);
  });

  it('begins anew with what was left pending long ago', async () => {
    [level, forMs] = ['bad', 30_000];
    await looks(2, start('a').monitor);
    await clock.advance(3_600_000);
    await looks(6, start('b').monitor);
    expect(messages).toEqual([]);
    expect(stored('west').map(({ state }) => state).sort()).toEqual(['pending', 'resolved']);
  });

  it('beside another is silent until that one is gone', async () => {
    const [a, b] = [start('a'), start('b')];
    level = 'bad';
    await looks(5, a.monitor, b.monitor);
    expect([a.monitor.active, b.monitor.active]).toEqual([true, false]);
    await a.stop();
    level = 'good';
    await looks(3, b.monitor);
    expect(messages).toEqual(['a: firing', 'b: resolved']);
  });

  it('tells later what a dead channel did not take, and does not knock at every look', async () => {
    const { monitor } = start('a');
    [level, dead] = ['bad', true];
    await looks(24, monitor);
    expect(attempts).toBeLessThan(10);
    dead = false;
    await looks(20, monitor);
    expect(messages).toEqual(['a: firing']);
  });

  it('goes on when one region is away, and without any it tells all the same', async () => {
    regions.get('west')?.setDown(true);
    const { monitor } = start('a');
    level = 'bad';
    await looks(3, monitor);
    expect(stored('east')).toHaveLength(1);
    regions.get('east')?.setDown(true);
    const other = start('b');
    await looks(8, other.monitor);
    expect(messages).toEqual(['a: firing', 'b: firing']);
    for (const search of regions.values()) search.setDown(false);
    await looks(2, other.monitor);
    expect(stored('west')).toHaveLength(1);
  });

  it('resolves by order, and the condition must go before it comes back', async () => {
    const { monitor, stores } = start('a');
    level = 'bad';
    await looks(2, monitor);
    await stores[0]?.addOrder({ id: 'o1', alert: monitor.alerts[0]?.id ?? '', by: 'olga', reason: 'known', until: clock.now() + 600_000 });
    await looks(4, monitor);
    expect(messages).toEqual(['a: firing', 'a: resolved']);
    expect(stored('west')[0]).toMatchObject({ state: 'resolved', closed_by: 'olga', muted: true });
    level = 'good';
    await looks(2, monitor);
    level = 'bad';
    await looks(2, monitor);
    expect(messages).toEqual(['a: firing', 'a: resolved', 'a: firing']);
  });

  it('obeys a silence, and tells when it is over', async () => {
    const { monitor, stores } = start('a');
    await looks(1, monitor);
    await stores[1]?.addSilence({ id: 's1', matchers: [{ label: 'lane', value: 'a' }], by: 'olga', reason: 'works', from: 0, until: clock.now() + 12_000 });
    level = 'bad';
    await looks(2, monitor);
    expect([messages, monitor.alerts[0]?.hiddenBy]).toEqual([[], 'silence s1']);
    await looks(2, monitor);
    expect(messages).toEqual(['a: firing']);
  });
});
