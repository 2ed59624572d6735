import { describe, expect, it } from 'vitest';
import { DEFAULT_WORDING, textOf, titleOf } from '../../../src/adapters/channels/text.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { message, told } from '../../contract/alert-channel.contract.ts';

const SINCE = Date.UTC(2026, 10, 30, 3);
const firing = told('west-east', { since: SINCE, labels: { lane: 'west-east' } });
const over = { ...firing, state: 'resolved' as const, resolvedAt: SINCE + 60_000 };

describe('what people are told', () => {
  it('is everything that somebody woken at night needs', () => {
    expect(titleOf(message(firing))).toBe('[staging] FIRING lane-held: lane=west-east');
    expect(textOf(message(firing))).toBe([
      'CRITICAL lane=west-east', 'cluster_block_exception: index [i] blocked', 'since 2026-11-30T03:00:00.000Z', 'Nothing can be written.\nMend it.', 'look: sluice status', 'runbook: https://docs.example/runbook#lane-held', 'id: id-west-east',
    ].join('\n'));
  });

  it('is less when it is over', () => {
    expect(titleOf(message(firing, over))).toBe('[staging] FIRING 1, RESOLVED 1 lane-held: 2 alerts');
    expect(textOf(message({ ...over, runbook: null }))).toBe('RESOLVED lane=west-east\ncluster_block_exception: index [i] blocked\nsince 2026-11-30T03:00:00.000Z, over since 2026-11-30T03:01:00.000Z\nid: id-west-east');
  });

  it('is worded as the configuration says; a line that comes to nothing is left out', () => {
    const wording = { title: '{state}: {rule} in {label:lane}{label:host}', text: '*{what}*\n\n{meaning}\n{label:host}\nAsk olga.' };
    expect(titleOf(message(firing), wording)).toBe('FIRING: lane-held in west-east');
    expect(textOf(message(over), wording)).toBe('*cluster_block_exception: index [i] blocked*\n\nAsk olga.');
  });

  it('is not filled twice: what a record said is no template', () => {
    expect(textOf(message({ ...firing, what: '{id} {nonsense}' }), { ...DEFAULT_WORDING, text: '{what}' })).toBe('{id} {nonsense}');
  });
});

describe('a wording of one\'s own', () => {
  const checked = (text: string) => configSchema.shape.monitor.safeParse({ channels: { slack: { ops: { webhookUrl: 'https://hooks.example/x', text } } } });
  it('is refused where nothing stands for a placeholder', () => {
    expect(checked('{what} {label:lane}').success).toBe(true);
    expect(checked('{waht}').error?.issues[0]?.message).toMatch(/nothing stands for \{waht\}; there are \{state\}, .*\{label:NAME\}/);
  });
});
