import type { AuditReport, ListedFinding } from '../../audit/report.ts';
import { colors } from './colors.ts';
import { table } from './table.ts';

/** What an audit came to, for people. */
export function auditView(report: AuditReport): string {
  const { findings, absent, problems } = report;
  return [
    ...(findings.length === 0 ? [] : [findingsTable(findings), ...more(report), '']),
    ...absent.map(({ index, region, documents }) => colors.red(`${region} has nothing of ${index}, which holds ${documents.toLocaleString('en')} documents elsewhere: load it again with a backfill, or delete it there, too`)),
    ...problems.map(({ index, problem }) => colors.red(`${index} was not audited: ${problem}`)),
    verdictOf(report),
    ...written(report),
    costOf(report),
  ].join('\n');
}

/** One line for each round of a continuous audit. */
export function auditLine(index: string, report: AuditReport): string {
  return `${index}: ${verdictOf(report)} ${costOf(report)}`;
}

function findingsTable(findings: readonly ListedFinding[]): string {
  return table(['kind', 'document', 'index', 'in', 'why', ''], findings.map(({ kind, id, index, regions, why, reason, repaired }) => [kind, id, index, regions.join(', '), repaired ? 'repaired' : why, reason]));
}

function more({ findings, differences, inFlight }: AuditReport): string[] {
  const left = differences + inFlight - findings.length;
  return left > 0 ? [`… and ${left.toLocaleString('en')} more`] : [];
}

/** Where more can be read of what was not repaired. */
function written({ differences, repaired, unlisted }: AuditReport): string[] {
  const left = differences - repaired;
  if (left === 0) return [];
  return [`What was not repaired stands in the index sluice-audits, with each copy${unlisted === 0 ? '' : ` (but for ${unlisted.toLocaleString('en')}: there are too many)`}.`];
}

function verdictOf({ ok, differences, repaired, inFlight, stopped }: AuditReport): string {
  const flying = inFlight === 0 ? '' : ` ${inFlight.toLocaleString('en')} still in flight.`;
  if (stopped) return `Stopped before the end: ${differences.toLocaleString('en')} differences so far, ${repaired.toLocaleString('en')} repaired.`;
  if (ok && differences === 0) return `The regions hold the same.${flying}`;
  return `${differences.toLocaleString('en')} differences, ${repaired.toLocaleString('en')} repaired.${flying}`;
}

function costOf({ indices, documents, queries, bytes }: AuditReport): string {
  return colors.dim(`${documents.toLocaleString('en')} documents in ${indices} ${indices === 1 ? 'index' : 'indices'}, compared with ${queries.toLocaleString('en')} queries, ${bytes.toLocaleString('en')} bytes.`);
}
