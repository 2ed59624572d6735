import type { Foresight } from '../../backfill/foresight.ts';
import type { PlanReport } from '../../backfill/make-plan.ts';
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
