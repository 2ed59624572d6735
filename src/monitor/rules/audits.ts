import type { StateNote } from '../state-notes.ts';
import { latestOf } from '../observe/history.ts';
import type { AuditFacts, Observation } from '../observe/observation.ts';
import { unknown, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;
/** A round may be so many times as late as it should be. */
const LATE = 3;
/** Name under which a continuous audit tells its state. */
export const AUDIT = 'audit';

/** What audits found and left, and audits that should go on and do not. */
export function auditRules({ auditMs }: Thresholds): Rule[] {
  return [
    {
      name: 'audit-differences', severity: 'warning', forMs: 0, keepMs: 0,
      meaning: 'The last audit of an index found documents that the regions do not hold alike, and nothing repaired them. What they are, with each copy, stands in the index sluice-audits. `sluice audit INDEX --repair` mends what was lost, `sluice failures redrive` what failed.',
      examine: (history) => differences(latestOf(history)),
    },
    {
      name: 'audit-overdue', severity: 'warning', forMs: 0, keepMs: 0,
      meaning: 'An audit that should go on for ever has ended no round for long: it was killed, hangs, or a region does not answer it. Until it does, nobody proves that the regions hold the same. One that is not wanted any more is stopped with SIGTERM.',
      examine: (history) => overdue(latestOf(history), auditMs),
    },
  ];
}

function differences(now: Observation): Finding[] {
  const rounds = roundsOf(now);
  if (rounds === null) return [unknown({}, 'the index of audits could not be read')];
  return lastRounds(rounds).map((round): Finding => ({
    labels: { index: round.index }, level: leftIn(round) > 0 ? 'bad' : 'good', value: leftIn(round), what: wordsOf(round),
    evidence: [`sluice audit ${round.index}`, `GET /sluice-audits/_search {"query":{"bool":{"filter":[{"term":{"index":"${round.index}"}},{"terms":{"state":["found","failed"]}}]}},"sort":[{"@timestamp":"desc"}]}`],
  }));
}

/** Of each index the last round that was ended, in whichever region it was written down. */
export function lastRounds(rounds: readonly AuditFacts[]): AuditFacts[] {
  return [...new Map(rounds.filter(({ complete }) => complete).sort((a, b) => a.at - b.at).map((round) => [round.index, round])).values()];
}

/** Differences that were left; an index that a region lacks counts as one. */
export function leftIn({ left, absent }: AuditFacts): number {
  return left + absent.length;
}

function wordsOf({ index, left, failed, absent }: AuditFacts): string {
  const lacking = absent.length === 0 ? '' : `; ${absent.join(', ')} lacks it altogether`;
  return `${left} differences in ${index} were found and not repaired, ${failed} of them in a failure index${lacking}`;
}

function overdue(now: Observation, auditMs: number): Finding[] {
  const running = auditsOf(now);
  if (running.length === 0) return [];
  const rounds = roundsOf(now);
  if (rounds === null) return [unknown({ service: AUDIT }, 'the index of audits could not be read')];
  const { age, everyMs, problem } = sinceLastRound(now, rounds, begunOf(running));
  return [{
    labels: { service: AUDIT }, level: age > Math.max(auditMs, LATE * everyMs) ? 'bad' : 'good', value: age / SECOND_MS,
    what: `the continuous audit has ended no round for ${Math.round(age / SECOND_MS)} s${problem === null ? '' : `: ${problem}`}`, evidence: ['sluice status', 'sluice audit'],
  }];
}

/** How long ago a round ended (one made by hand proves as much), ms, or how long ago the continuous audit began; how often it should; and what stood in the way since. */
export function sinceLastRound({ at }: Observation, rounds: readonly AuditFacts[], begun: number): { readonly age: number; readonly everyMs: number; readonly problem: string | null } {
  const last = Math.max(begun, ...rounds.filter(({ complete }) => complete).map((round) => round.at));
  const trouble = rounds.filter((round) => !round.complete && round.at > last).sort((a, b) => b.at - a.at)[0];
  return { age: at - last, everyMs: Math.max(0, ...rounds.map(({ everyMs }) => everyMs ?? 0)), problem: trouble?.problem ?? null };
}

/** When the youngest of these processes began. */
export function begunOf(running: readonly StateNote[]): number {
  return Math.max(...running.map(({ startedAt, since }) => startedAt ?? since));
}

/** Processes of continuous audits that have not said that they stop. */
export function auditsOf({ notes }: Observation): StateNote[] {
  return notes.filter(({ lane, state }) => lane === AUDIT && state !== 'stopped');
}

/** Audits are written into every region; null where none of them could be read. */
export function roundsOf({ regions }: Observation): AuditFacts[] | null {
  const known = regions.flatMap(({ audits }) => (audits === null ? [] : [audits]));
  return known.length === 0 ? null : known.flat();
}
