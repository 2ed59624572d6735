import { describe, expect, it } from 'vitest';
import { samplesOf, type Sample } from '../../../src/monitor/prometheus/samples.ts';
import { series, THRESHOLDS, time, type Changes } from '../series.ts';

const figures = { memoryBytes: 1, memoryShare: 0.99, loopMs: 5, diskShare: 0.5 };

/** What Prometheus sees a minute after the start. */
function samplesAfter(changes: Changes): Sample[] {
  return samplesOf(series(60, () => changes), THRESHOLDS.silentMs);
}
function ofProcesses(notes: Changes['notes'] = []): Record<string, string[]> {
  const samples = samplesAfter({ notes }).filter(({ name }) => name.startsWith('process_'));
  return Object.fromEntries([...Map.groupBy(samples, ({ labels }) => labels['host'] ?? '')].map(([host, own]) => [host, own.map(({ name }) => name)]));
}

describe('what Prometheus sees of processes', () => {
  it('is all they tell, while they tell it', () => {
    expect(ofProcesses([{ at: time(50), process: figures }])['h1']).toEqual(expect.arrayContaining(['process_state', 'process_silence_seconds', 'process_memory_ratio', 'process_code']));
  });
  it('is the silence alone of one that tells nothing any more', () => {
    expect(ofProcesses([{ at: time(10), state: 'held', code: '0', process: figures }])).toEqual({ h1: ['process_silence_seconds'] });
  });
  it.each<[string, Changes['notes']]>([
    ['said that it stops', [{ at: time(10), state: 'stopped' }]],
    ['fell silent days ago', [{ at: time(-2 * 86_400) }]],
  ])('is nothing of one that %s', (_, notes) => {
    expect(ofProcesses(notes)).toEqual({});
  });
  it('is nothing of one that another stands in for', () => {
    expect(Object.keys(ofProcesses([{ at: time(10), state: 'held' }, { host: 'h2', at: time(60), startedAt: time(20) }]))).toEqual(['h2']);
  });
});
