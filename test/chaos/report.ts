import type { FindingKind } from './oracle.ts';

/** What a run found out; `--json` prints it as its last line. */
export interface Report extends Readonly<Record<FindingKind, number>> {
  readonly ok: boolean;
  readonly seed: number;
  readonly minutes: number;
  readonly mutation: string | null;
  /** Records sent. */
  readonly events: number;
  /** Documents that each region must hold at the end. */
  readonly documents: number;
  /** By kind, how often it was done. */
  readonly faults: Readonly<Record<string, number>>;
  /** Faults that could not be done or undone, with the reason. */
  readonly troubles: readonly string[];
  /** Processes that ended by themselves. */
  readonly deaths: readonly string[];
  /** Whether all lanes and both positions of ingest reached the end. */
  readonly quiet: boolean;
  /** Members that joined for a while. */
  readonly guests: number;
  /** The longest time that a reader with work stood still; a storm of rebalances has a limit. */
  readonly standstill: { readonly seconds: number; readonly reader: string | null; readonly limit: number | null };
  readonly recoverySeconds: { readonly p50: number | null; readonly max: number | null };
  /** From the first fault to the last judgement, servers' start not counted. */
  readonly seconds: number;
  readonly examples: readonly string[];
}

/** Sound: nothing found, nothing died, everything came to its end. */
export function isSound(report: Omit<Report, 'ok'>): boolean {
  const { lost, resurrected, wrongVersion, wrongContent, unexpected, regionDifferences, earlyCommits } = report;
  const { seconds, limit } = report.standstill;
  return (limit === null || seconds <= limit) && report.quiet && report.deaths.length === 0 && lost + resurrected + wrongVersion + wrongContent + unexpected + regionDifferences + earlyCommits === 0;
}

/** The report for people. */
export function textOf(report: Report): string {
  const { p50, max } = report.recoverySeconds;
  const faults = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
  return [
    '',
    `${report.ok ? 'sound' : 'NOT SOUND'}: ${report.events} events, ${report.documents} documents in each region, ${faults} faults of ${Object.keys(report.faults).length} kinds, seed ${report.seed}${report.mutation === null ? '' : `, mutation ${report.mutation}`}`,
    `  lost ${report.lost}, resurrected ${report.resurrected}, wrong version ${report.wrongVersion}, wrong content ${report.wrongContent}, unexpected ${report.unexpected}`,
    `  region differences ${report.regionDifferences}, early commits ${report.earlyCommits}, processes that died ${report.deaths.length}, ${report.quiet ? 'all lanes reached the end' : 'SOME LANES DID NOT REACH THE END'}`,
    `  back to normal after a fault: p50 ${p50 ?? '-'} s, max ${max ?? '-'} s`,
    `  ${report.guests} members joined for a while; the longest standstill was ${report.standstill.seconds} s${report.standstill.reader === null ? '' : ` (${report.standstill.reader})`}`,
    `  ${Object.entries(report.faults).sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
    ...report.troubles.map((trouble) => `  trouble: ${trouble}`),
    ...report.deaths.map((death) => `  died: ${death}`),
    ...report.examples.map((example) => `  ${example}`),
  ].join('\n');
}
