import type { Foresight } from '../../backfill/foresight.ts';
import { HOLDERS, type HeldSeconds, type Holder } from '../../backfill/held-back.ts';
import type { PlanReport } from '../../backfill/make-plan.ts';
import type { CycleStatus } from '../../backfill/status.ts';
import { colors } from './colors.ts';
import { table } from './table.ts';

const SHOWN_DAYS = 31;

/** A plan: its days, what each region needs, and how long it will take. */
export function planView({ plan, regions, estimatedSeconds, problems }: PlanReport): string {
  const days = plan.days.slice(0, SHOWN_DAYS).map(({ day, files, rows, bytes, index }) => [day, files, rows, bytes, index]);
  return [
    colors.bold(`${plan.cycle}: ${plan.case}, ${plan.from} to ${plan.to}${plan.where === null ? '' : `, where ${plan.where}`}`),
    table(['day', 'files', 'rows', 'bytes', 'index'], days),
    ...(plan.days.length > SHOWN_DAYS ? [`… and ${plan.days.length - SHOWN_DAYS} more days`] : []),
    `${plan.rows.toLocaleString('en')} rows, epoch ${plan.epoch ?? 'off'}, about ${durationText(estimatedSeconds)} into each region`,
    ...regions.map(regionLine),
    ...problems.map((problem) => colors.red(problem)),
    `Nothing was changed. Next: sluice backfill extract ${plan.cycle}`,
  ].join('\n');
}

function regionLine({ region, toCreate, toMap, privileges }: Foresight): string {
  return `${region}: ${toCreate.length} indices to create, ${toMap.length} to map anew, privileges ${typeof privileges === 'string' ? privileges : 'missing'}`;
}

/** `42 s`, `7 min`, `3 h 5 min` */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a load is held back by, in words. */
export const HOLDER_WORDS: Readonly<Record<Holder, string>> = { live: 'live traffic', searches: 'searches', caps: 'its share of the caps' };

/** What a load came to in one region. */
export interface RegionReport {
  /** `refused`: the cluster was not ready to be written to at all. */
  readonly end: 'done' | 'cancelled' | 'stopped' | 'broke' | 'refused';
  readonly doneRows: number;
  readonly applied: number;
  readonly superseded: number;
  readonly rejected: number;
  readonly refused: number;
  readonly problem: string | null;
  /** How long this process was held back by what, seconds. */
  readonly heldBackSeconds: HeldSeconds;
}

export interface LoadReport {
  readonly ok: boolean;
  readonly cycle: string;
  readonly rows: number;
  readonly regions: Readonly<Record<string, RegionReport>>;
  readonly seconds: number;
}

/** What was written where, and how to go on where something is left. */
export function loadView({ ok, cycle, rows, regions, seconds }: LoadReport): string {
  const lines = Object.entries(regions).map(([name, one]) => [name, one.end, one.doneRows, one.applied, one.superseded, one.rejected + one.refused]);
  return [
    table(['region', 'end', 'rows done', 'applied', 'superseded', 'failed'], lines),
    ...Object.entries(regions).flatMap(([name, { problem }]) => (problem === null ? [] : [colors.red(`${name}: ${problem}`)])),
    ...Object.entries(regions).flatMap(([name, { heldBackSeconds }]) => heldLine(name, heldBackSeconds)),
    `${rows.toLocaleString('en')} rows into each region, ${seconds.toFixed(1)} s`,
    ...(ok ? [] : [`Something is left: sluice backfill load ${cycle} goes on`]),
  ].join('\n');
}

function heldLine(region: string, seconds: HeldSeconds): string[] {
  const held = HOLDERS.filter((by) => seconds[by] > 0).map((by) => `${durationText(seconds[by])} by ${HOLDER_WORDS[by]}`);
  return held.length === 0 ? [] : [`${region} was held back: ${held.join(', ')}`];
}

/** One cycle, region by region. */
export function cycleStatusView(status: CycleStatus): string {
  const rows = Object.entries(status.regions).map(([name, one]) => [name, one.done, one.rowGroups, one.doneRows, one.rows, one.leased]);
  return [
    colors.bold(`${status.cycle}: ${status.state}`),
    `${status.case}, ${status.from} to ${status.to}, ${status.rows.toLocaleString('en')} rows`,
    ...(rows.length === 0 ? [] : [table(['region', 'row groups done', 'of', 'rows done', 'of', 'leased'], rows)]),
  ].join('\n');
}

/** Every cycle on a line. */
export function cycleListView(cycles: readonly CycleStatus[]): string {
  return table(['cycle', 'case', 'from', 'to', 'state', 'rows'], cycles.map(({ cycle, case: name, from, to, state, rows }) => [cycle, name, from, to, state, rows]));
}
