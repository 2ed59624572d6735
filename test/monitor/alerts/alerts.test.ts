import { describe, expect, it } from 'vitest';
import { advance, MAX_OPEN_ALERTS } from '../../../src/monitor/alerts/advance.ts';
import { keyOf, type Alert } from '../../../src/monitor/alerts/alert.ts';
import { hide } from '../../../src/monitor/alerts/hide.ts';
import type { Finding, Level, Rule } from '../../../src/monitor/rules/rule.ts';

const RULE: Rule = { name: 'hot', severity: 'warning', forMs: 10_000, keepMs: 20_000, meaning: 'It is hot.', examine: () => [] };

function finding(level: Level, labels: Record<string, string> = { lane: 'a' }): Finding {
  return { labels, level, value: 1, what: level, evidence: [] };
}

/** One level every five seconds; null: the subject is not there. */
function story(levels: readonly (Level | null)[], rule = RULE): Alert[][] {
  let alerts: readonly Alert[] = [];
  return levels.map((level, step) => {
    alerts = advance(alerts, [{ rule, findings: level === null ? [] : [finding(level)] }], step * 5_000).alerts;
    return [...alerts];
  });
}
const states = (levels: readonly (Level | null)[], rule = RULE) => story(levels, rule).map((alerts) => alerts.map((alert) => alert.state).join());

describe('an alert', () => {
  it('fires when it was bad for long enough, and says since when', () => {
    expect(states(['bad', 'bad', 'bad', 'bad'])).toEqual(['pending', 'pending', 'firing', 'firing']);
    expect(story(['bad', 'bad', 'bad']).at(-1)?.[0]).toMatchObject({ since: 0, firedAt: 10_000 });
  });
  it('that was bad for too short a time is over without having fired, so that its end is written down', () => {
    expect(states(['bad', 'bad', 'good'])).toEqual(['pending', 'pending', 'resolved']);
    expect(story(['bad', 'between']).at(-1)).toMatchObject([{ state: 'resolved', firedAt: null, resolvedAt: 5_000 }]);
    expect(story(['bad', 'bad', 'good', 'bad']).at(-1)?.find(({ state }) => state === 'pending')?.since).toBe(15_000);
  });
  it('fires at once where the rule does not wait', () => {
    expect(states(['bad'], { ...RULE, forMs: 0 })).toEqual(['firing']);
  });
  it('is resolved when it was good for long enough, and a relapse begins that anew', () => {
    const healing: Level[] = ['bad', 'bad', 'bad', 'good', 'good', 'bad', 'good', 'good', 'good', 'good', 'good'];
    expect(states(healing)).toEqual(['pending', 'pending', 'firing', 'firing', 'firing', 'firing', 'firing', 'firing', 'firing', 'firing', 'resolved']);
  });
  it('between the thresholds stays as it is', () => {
    expect(states(['between', 'between'])).toEqual(['', '']);
    expect(states(['bad', 'bad', 'bad', 'between', 'between', 'between', 'between', 'between', 'between']).at(-1)).toBe('firing');
  });
  it('neither fires nor ends while nothing is known', () => {
    expect(states(['bad', 'unknown', 'unknown', 'unknown'])).toEqual(['pending', 'pending', 'pending', 'pending']);
    expect(states(['bad', 'bad', 'bad', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown']).at(-1)).toBe('firing');
  });
  it('ends when its subject is gone, or its rule', () => {
    expect(states(['bad', 'bad', 'bad', null, null, null, null, null]).at(-1)).toBe('resolved');
    expect(advance(story(['bad', 'bad', 'bad']).at(-1) ?? [], [], 20_000).alerts[0]?.state).toBe('resolved');
  });
  it('stays when its rule breaks', () => {
    expect(advance(story(['bad', 'bad', 'bad']).at(-1) ?? [], [{ rule: RULE, findings: null }], 90_000).alerts[0]).toMatchObject({ state: 'firing', goodSince: null });
  });
  it('that comes back is another occurrence of the same key', () => {
    const all = story(['bad', 'good', 'bad'], { ...RULE, forMs: 0, keepMs: 0 }).at(-1) ?? [];
    expect(all.map((alert) => alert.state).sort()).toEqual(['firing', 'resolved']);
    expect(new Set(all.map((alert) => alert.key)).size).toBe(1);
    expect(new Set(all.map((alert) => alert.id)).size).toBe(2);
  });
  it('is not ended by an unknown of all its kind', () => {
    const firing = story(['bad', 'bad', 'bad']).at(-1) ?? [];
    expect(advance(firing, [{ rule: RULE, findings: [finding('unknown', {})] }], 90_000).alerts[0]).toMatchObject({ state: 'firing', goodSince: null });
    expect(advance(firing, [{ rule: RULE, findings: [finding('unknown', { lane: 'b' })] }], 90_000).alerts[0]?.goodSince).toBe(90_000);
  });
  it('closed by hand stays closed until the condition has been gone once', () => {
    const rule = { ...RULE, forMs: 0, keepMs: 0 };
    const [open] = advance([], [{ rule, findings: [finding('bad')] }], 0).alerts;
    const closed: Alert = { ...(open as Alert), state: 'resolved', resolvedAt: 1, closedBy: 'olga', muted: true };
    const again = (alerts: readonly Alert[], level: Level, now: number) => advance(alerts, [{ rule, findings: [finding(level)] }], now).alerts;
    const still = again([closed], 'bad', 5_000);
    expect(still.map((alert) => alert.state)).toEqual(['resolved']);
    expect(again(again(still, 'good', 10_000), 'bad', 15_000).map((alert) => alert.state).sort()).toEqual(['firing', 'resolved']);
  });
  it('opens only so many, and counts the rest', () => {
    const findings = Array.from({ length: MAX_OPEN_ALERTS + 5 }, (_, at) => finding('bad', { n: String(at) }));
    const { alerts, refused } = advance([], [{ rule: RULE, findings }], 0);
    expect([alerts.length, refused]).toEqual([MAX_OPEN_ALERTS, 5]);
  });
});

describe('what is hidden', () => {
  const open = (rule: string, labels: Record<string, string>, state: Alert['state'] = 'firing'): Alert => ({ ...(story(['bad']).at(-1)?.[0] as Alert), id: rule + state, key: keyOf(rule, labels), rule, labels, state });
  const lane = { lane: 'west-east', source: 'west', destination: 'east' };
  const hiddenOf = (alerts: readonly Alert[]) => hide(alerts, [], 0).filter((alert) => alert.hiddenBy !== null).map((alert) => alert.rule);

  it('an unreachable region explains its lanes, and theirs alone', () => {
    const cause = open('elasticsearch-unreachable', { region: 'east' }, 'pending');
    expect(hiddenOf([cause, open('lane-stalled', lane), open('lag-seconds', lane), open('kafka-under-replicated', { region: 'east' })])).toEqual(['lane-stalled', 'lag-seconds']);
    expect(hiddenOf([cause, open('lane-stalled', { ...lane, destination: 'west' })])).toEqual([]);
  });
  it('a cause that is over explains nothing', () => {
    expect(hiddenOf([open('elasticsearch-unreachable', { region: 'east' }, 'resolved'), open('lane-stalled', lane)])).toEqual([]);
  });
  it('missing heartbeats of one lane explain what comes late there, those of ingest what comes late anywhere', () => {
    const late = open('freshness-burn-fast', { ...lane, lane: 'east-east' });
    expect(hiddenOf([open('heartbeat-missing', lane), late])).toEqual([]);
    expect(hiddenOf([open('heartbeat-missing', lane), open('freshness-burn-fast', lane)])).toEqual(['freshness-burn-fast']);
    expect(hiddenOf([open('heartbeat-missing', { lane: 'ingest', service: 'ingest' }), late])).toEqual(['freshness-burn-fast']);
  });
  it('says by what', () => {
    expect(hide([open('lane-held', lane), open('lane-stalled', lane)], [], 0)[1]?.hiddenBy).toBe('lane-held{destination="east",lane="west-east",source="west"}');
  });

  it.each<[string, boolean, { label: string; value: string }[], number, number]>([
    ['by label', true, [{ label: 'lane', value: 'west-east' }], 0, 10],
    ['by a star', true, [{ label: 'rule', value: 'lane-*' }], 0, 10],
    ['by several', true, [{ label: 'rule', value: '*st*ed' }, { label: 'severity', value: 'warning' }], 0, 10],
    ['not by one that does not fit', false, [{ label: 'rule', value: 'lane-*' }, { label: 'lane', value: 'east-*' }], 0, 10],
    ['not by a label that it has not', false, [{ label: 'region', value: '*' }], 0, 10],
    ['not before', false, [{ label: 'rule', value: '*' }], 6, 10],
    ['not after', false, [{ label: 'rule', value: '*' }], 0, 5],
    ['not by one without matchers', false, [], 0, 10],
    ['not where pieces overlap', false, [{ label: 'lane', value: 'west-e*-east' }], 0, 10],
    ['not where a middle piece overlaps', false, [{ label: 'lane', value: 'west-*ast*st' }], 0, 10],
  ])('a silence hides %s', (_, hidden, matchers, from, until) => {
    const [alert] = hide([open('lane-stalled', lane)], [{ id: 's1', matchers, by: 'olga', reason: 'a test', from, until }], 5);
    expect(alert?.hiddenBy).toBe(hidden ? 'silence s1' : null);
  });
});
