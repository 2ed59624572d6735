import type { Finding, VerifiedRegion } from '../../backfill/verify-tally.ts';
import { colors } from './colors.ts';
import { table } from './table.ts';

/** Findings of a kind that are shown; `--json` has more. */
const SHOWN = 10;

export interface VerifyReport {
  readonly ok: boolean;
  readonly cycle: string;
  readonly sample: number;
  readonly regions: Readonly<Record<string, VerifiedRegion>>;
}

/** What each region holds of a cycle's rows. */
export function verifyView({ ok, cycle, sample, regions }: VerifyReport): string {
  return [
    ...Object.entries(regions).flatMap(([region, found]) => regionLines(region, found)),
    `${(sample * 100).toLocaleString('en')} % were compared whole, all by version and fingerprint`,
    ok ? colors.green(`${cycle}: every row is there, or superseded by something newer`) : colors.red(`${cycle}: not everything is there. sluice backfill load ${cycle} loads what is left; sluice failures list shows what failed`),
  ].join('\n');
}

function regionLines(region: string, { days, withoutNewFields, findings }: VerifiedRegion): string[] {
  const rows = days.map(({ index, day, rows: all, same, superseded, missing, older, different, failed }) => [index, day, all, same, sum(superseded), missing, older, different, failed]);
  return [
    colors.bold(region),
    table(['index', 'day', 'rows', 'same', 'superseded', 'missing', 'older', 'different', 'failed'], rows),
    ...kindsOf(findings).flatMap(([kind, found]) => [...found.slice(0, SHOWN).map(line), ...(found.length > SHOWN ? [`  … more ${kind}: --json lists them`] : [])]),
    ...(withoutNewFields.documents === 0 ? [] : [`${withoutNewFields.documents.toLocaleString('en')} documents lack the new fields: the warehouse has no row for them, or they are newer: ${withoutNewFields.ids.slice(0, SHOWN).join(', ')}`]),
  ];
}

function line({ kind, id, file, rowGroup, row, version, found, detail }: Finding): string {
  const versions = found === null || found === version ? '' : `, version ${found} against ${version}`;
  return `  ${kind} ${id}${versions}${detail === '' ? '' : `: ${detail}`} (${file}, row group ${rowGroup}, row ${row})`;
}

function kindsOf(findings: readonly Finding[]): [string, Finding[]][] {
  return Object.entries(Object.groupBy(findings, ({ kind }) => kind));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
