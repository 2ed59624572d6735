import { colors } from '../control/cli/colors.ts';
import type { Proof } from './prove.ts';

/** What the demonstration came to: the last line of `--json`. */
export interface Verdict {
  readonly ok: boolean;
  /** Documents that the independent expectation names. */
  readonly expected: number;
  /** Documents found in each region. */
  readonly west: number;
  readonly east: number;
  /** Documents that are missing, too many, of another version or with another field, and those that differ between the regions. */
  readonly differences: number;
  /** Records in the failure index, by the region that holds the most. */
  readonly failures: number;
  /** Operations that met a newer version, over all lanes. */
  readonly superseded: number;
  /** From the first event sent to the end of the proof. */
  readonly seconds: number;
}

/** The verdict of a proof; it holds when there is no difference at all. */
export function verdictOf(proof: Proof, superseded: number, seconds: number): Verdict {
  return {
    ok: proof.differences === 0,
    expected: proof.expected,
    west: proof.found.get('west') ?? 0,
    east: proof.found.get('east') ?? 0,
    differences: proof.differences,
    failures: Math.max(0, ...proof.failures.values()),
    superseded,
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** The same object where the run itself failed, before or after the proof. */
export function failedVerdict(verdict: Verdict | null, problem: string): Verdict & { readonly problem: string } {
  const nothing: Verdict = { ok: false, expected: 0, west: 0, east: 0, differences: 0, failures: 0, superseded: 0, seconds: 0 };
  return { ...(verdict ?? nothing), ok: false, problem };
}

/** The verdict in words; `examples` are some of the differences. */
export function verdictText(verdict: Verdict, examples: readonly string[]): string {
  const { expected, west, east, differences, failures, superseded, seconds } = verdict;
  const numbers = `expected ${expected.toLocaleString('en')} documents; west holds ${west.toLocaleString('en')}, east ${east.toLocaleString('en')}; ${failures.toLocaleString('en')} failure records, ${superseded.toLocaleString('en')} superseded operations, ${seconds.toFixed(1)} s`;
  if (verdict.ok) return `${colors.green(colors.bold('PROVED'))}: both regions hold exactly the expected documents, every id, version and field.\n${numbers}`;
  return [`${colors.red(colors.bold('NOT PROVED'))}: ${differences.toLocaleString('en')} differences.`, numbers, ...examples.map((example) => `  ${example}`)].join('\n');
}
