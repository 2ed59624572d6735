import { beforeEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/domain/errors.ts';
import type { Alert } from '../../../src/monitor/alerts/alert.ts';
import { Dispatcher } from '../../../src/monitor/alerts/dispatch.ts';
import type { ChannelPolicy } from '../../../src/monitor/alerts/notify.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const LOOK_MS = 5_000;

function alert(rule: string, changes: Partial<Alert> = {}): Alert {
  return {
    id: rule, key: rule, rule, severity: 'warning', labels: {}, state: 'firing', since: 0, firedAt: 0, resolvedAt: null, goodSince: null,
    value: 1, what: '', meaning: '', evidence: [], hiddenBy: null, closedBy: null, muted: false, told: {}, ...changes,
  };
}

describe('a channel', () => {
  let clock: ManualClock;
  let tried: string[];
  beforeEach(() => { [clock, tried] = [new ManualClock(), []]; });

  /** What was taken after so many looks, where `fails` says why a message is not. */
  async function taken(alerts: readonly Alert[], looks: number, fails: (ids: string) => SluiceError | null, policy: Partial<ChannelPolicy> = {}): Promise<string[]> {
    const told: string[] = [];
    const send = async ({ alerts: sent }: { alerts: readonly { id: string }[] }) => {
      const ids = sent.map(({ id }) => id).join('+');
      tried.push(ids);
      const problem = fails(ids);
      if (problem !== null) throw problem;
      told.push(ids);
    };
    const dispatcher = new Dispatcher({ channels: [{ channel: { send, close: async () => {} }, policy: { name: 'pager', repeatMs: 3_600_000, groupIntervalMs: 0, perMinute: 30, severity: 'info', ...policy }, heartbeat: false }], installation: '', runbook: () => null, clock, onSent: () => {} });
    let known = alerts;
    for (let look = 0; look < looks; look += 1) {
      known = dispatcher.offer(known, clock.now());
      await clock.advance(LOOK_MS);
    }
    await dispatcher.close(known);
    return told;
  }
  const refused = () => new SluiceError('CHANNEL_REFUSED', 'no');
  const away = () => new SluiceError('CHANNEL_UNAVAILABLE', 'no answer');

  it('is told what comes behind a message that it refuses, at once', async () => {
    const all = [alert('bad', { severity: 'critical' }), alert('b'), alert('c')];
    expect(await taken(all, 1, (ids) => (ids === 'bad' ? refused() : null))).toEqual(['b', 'c']);
  });

  it('is told everything else however many messages get no answer, and whatever room there is', async () => {
    const poison = ['p', 'q', 'r', 's', 't'].map((rule) => alert(rule, { severity: 'critical' }));
    expect(await taken([...poison, alert('z')], 24, (ids) => (ids === 'z' ? null : away()))).toEqual(['z']);
    tried = [];
    expect(await taken([...poison, alert('z')], 24, (ids) => (ids === 'z' ? null : away()), { perMinute: 1 })).toEqual(['z']);
  });

  it('that refuses a message is not asked to take it at every look', async () => {
    await taken([alert('bad')], 60, refused);
    expect(tried.length).toBeLessThan(12);
  });

  it('that answers nothing is tried with a few messages, and then rests', async () => {
    const all = Array.from({ length: 20 }, (_, at) => alert(`rule-${at}`));
    await taken(all, 1, away);
    expect(tried).toHaveLength(3);
    tried = [];
    await taken(all, 60, away);
    expect(tried.length).toBeLessThan(36);
  });

  it('that takes an alert a message loses none beside the one that it refuses', async () => {
    const all = ['1', '2', '3'].map((id) => alert('same', { id }));
    expect(await taken(all, 3, (ids) => (ids === '1' ? refused() : null), { perMessage: 1 })).toEqual(['2', '3']);
  });
});
