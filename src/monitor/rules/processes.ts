import type { StateNote } from '../state-notes.ts';
import { latestOf } from '../observe/history.ts';
import type { Finding, Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;

/** What the notes of the processes say of their hosts: clocks, and code that differs from host to host. */
export function processRules({ clockSkewMs, mixedCodeMs, silentMs }: Thresholds): Rule[] {
  return [
    {
      name: 'clock-skew', severity: 'warning', forMs: 0, keepMs: 30_000,
      meaning: 'A host writes times that lie in this monitor\'s future: its clock, or the monitor\'s, is wrong. Ages, latencies and versions made from its time are wrong, too. Look at its time service.',
      examine: (history) => {
        const { at, notes } = latestOf(history);
        return notes.map((note) => skewOf(note, at, clockSkewMs));
      },
    },
    {
      name: 'mixed-code', severity: 'warning', forMs: mixedCodeMs, keepMs: 0,
      meaning: 'Hosts of one lane have been running different code for longer than a rollout takes. Finish the rollout, or take it back.',
      examine: (history) => {
        const { at, notes } = latestOf(history);
        const living = notes.filter((note) => at - note.at <= silentMs && note.state !== 'stopped' && note.code !== undefined);
        return [...Map.groupBy(living, (note) => note.lane)].map(([lane, mates]) => codesOf(lane, mates));
      },
    },
  ];
}

function skewOf({ lane, host, at: told }: StateNote, now: number, above: number): Finding {
  const ahead = Math.max(0, told - now);
  return {
    labels: { lane, host }, level: ahead > above ? 'bad' : 'good', value: ahead / SECOND_MS,
    what: `the clock of ${host} is at least ${Math.round(ahead / SECOND_MS)} s ahead of this monitor's`, evidence: ['sluice status --json'],
  };
}

function codesOf(lane: string, mates: readonly StateNote[]): Finding {
  const codes = [...new Set(mates.map((mate) => mate.code))];
  return { labels: { lane }, level: codes.length > 1 ? 'bad' : 'good', value: codes.length, what: `${mates.length} processes run ${codes.join(' and ')}`, evidence: ['sluice status --json'] };
}
