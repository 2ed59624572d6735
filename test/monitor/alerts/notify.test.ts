import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../src/monitor/alerts/alert.ts';
import { isRemembered, notificationsFor, toldTo, type ChannelPolicy, type SentMessage } from '../../../src/monitor/alerts/notify.ts';

const CHANNEL: ChannelPolicy = { name: 'oncall', repeatMs: 3_600_000, groupIntervalMs: 30_000, perMinute: 3, severity: 'info' };

function alert(rule: string, changes: Partial<Alert> = {}): Alert {
  return {
    id: rule, key: rule, rule, severity: 'warning', labels: {}, state: 'firing', since: 0, firedAt: 0, resolvedAt: null, goodSince: null,
    value: 1, what: '', meaning: '', evidence: [], hiddenBy: null, closedBy: null, muted: false, told: {}, ...changes,
  };
}
const groups = (alerts: readonly Alert[], now = 0, sent: readonly SentMessage[] = [], channel = CHANNEL) => notificationsFor(channel, alerts, sent, now).map(({ group, alerts: members }) => `${group}:${members.length}`);

describe('what a channel is told', () => {
  it('each firing alert once, those of one rule together', () => {
    const alerts = [alert('a', { id: '1' }), alert('a', { id: '2' }), alert('b')];
    expect(groups(alerts)).toEqual(['a:2', 'b:1']);
    expect(groups(alerts.map((each) => toldTo('oncall', each, 0)), 60_000)).toEqual([]);
  });
  it('again after a while, as long as it fires', () => {
    expect(groups([toldTo('oncall', alert('a'), 0)], 3_600_000)).toEqual(['a:1']);
  });
  it('the end of what it was told of, once, and of nothing else', () => {
    const told = toldTo('oncall', alert('a'), 0);
    const over = { ...told, state: 'resolved' as const, resolvedAt: 10 };
    expect(groups([over, alert('b', { state: 'resolved', resolvedAt: 10 })], 40_000)).toEqual(['a:1']);
    expect(groups([toldTo('oncall', over, 40_000)], 80_000)).toEqual([]);
  });
  it('nothing pending, hidden, or beneath its severity', () => {
    expect(groups([alert('a', { state: 'pending' }), alert('b', { hiddenBy: 'c' }), alert('c', { severity: 'info' })], 0, [], { ...CHANNEL, severity: 'warning' })).toEqual([]);
  });
  it('nothing that was hidden and is about to end', () => {
    expect(groups([alert('a', { goodSince: 5 })], 10)).toEqual([]);
    expect(groups([toldTo('oncall', alert('a', { goodSince: 5 }), 0)], 3_600_000)).toEqual(['a:1']);
  });
  it('the end of what was hidden after it was told', () => {
    expect(groups([{ ...toldTo('oncall', alert('a'), 0), state: 'resolved', hiddenBy: 'silence s' }], 40_000)).toEqual(['a:1']);
  });
  it('more of a group only after the group interval', () => {
    const sent = [{ group: 'a', at: 0 }];
    expect(groups([alert('a')], 29_000, sent)).toEqual([]);
    expect(groups([alert('a')], 30_000, sent)).toEqual(['a:1']);
  });
  it('only so many messages a minute, the most urgent first; the rest waits', () => {
    const alerts = [...'abcd'].map((rule) => alert(rule)).concat(alert('e', { severity: 'critical' }));
    expect(groups(alerts)).toEqual(['e:1', 'a:1', 'b:1']);
    expect(groups(alerts, 30_000, [...'xyz'].map((group) => ({ group, at: 0 })))).toEqual([]);
    expect(groups(alerts, 60_000, [...'xyz'].map((group) => ({ group, at: 0 })))).toHaveLength(3);
  });
  it('one channel knows nothing of what another was told', () => {
    expect(groups([toldTo('pager', alert('a'), 0)])).toEqual(['a:1']);
  });
});

describe('an alert that is over is remembered', () => {
  const over = alert('a', { state: 'resolved', resolvedAt: 0 });
  it('until every channel that was told of it knows, and not for ever', () => {
    const told = { ...toldTo('oncall', alert('a'), 0), state: 'resolved' as const, resolvedAt: 0 };
    expect(isRemembered(told, ['oncall'], 10, 100)).toBe(true);
    expect(isRemembered(told, ['oncall'], 101, 100)).toBe(false);
    expect(isRemembered(toldTo('oncall', told, 5), ['oncall'], 10, 100)).toBe(false);
    expect(isRemembered(over, ['oncall'], 10, 100)).toBe(false);
  });
  it('while it is closed by hand and the condition stands', () => {
    expect(isRemembered({ ...over, muted: true }, [], 1e9, 100)).toBe(true);
  });
});
