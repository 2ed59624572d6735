import type { CycleReport, RegionFacts } from '../../backfill/report.ts';
import { colors } from './colors.ts';
import { table } from './table.ts';

/** Everything that is known of a cycle. */
export function cycleReportView({ cycle, case: name, pipeline, state, plan, extract, regions }: CycleReport): string {
  const number = (value: number): string => value.toLocaleString('en');
  return [
    colors.bold(`${cycle}: ${state}`),
    `${name} into ${pipeline}, ${plan.from} to ${plan.to}${plan.where === null ? '' : `, where ${plan.where}`}, epoch ${plan.epoch ?? 'off'}`,
    `planned   ${plan.planned_at} by ${plan.code}: ${number(plan.rows)} rows of ${plan.days} days`,
    extract === null ? 'extracted not yet' : `extracted ${extract.extracted_at} with ${extract.engine}: ${number(extract.rows)} rows in ${extract.row_groups} row groups, ${number(extract.bytes)} bytes`,
    table(['region', 'rows done', 'applied', 'superseded', 'failed', 'failures open', 'began', 'ended', 'verified'], regions.map(regionLine)),
    ...regions.flatMap(({ region, problem }) => (problem === null ? [] : [colors.red(`${region}: ${problem}`)])),
  ].join('\n');
}

function regionLine({ region, done_rows, load, failures, verified }: RegionFacts): (string | number)[] {
  return [region, done_rows, load.applied, load.superseded, load.rejected + load.refused, failures.open, load.began_at ?? '', load.ended_at ?? '', verifiedText(verified)];
}

function verifiedText(verified: RegionFacts['verified']): string {
  if (verified === null) return 'not yet';
  const { ok, same, superseded, missing, older, different, failed } = verified;
  return ok ? `${same} same, ${superseded} superseded` : `${missing} missing, ${older} older, ${different} different, ${failed} failed`;
}
