/** Tests by what became of them. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. */
export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

/** Counts a vitest run; a file that could not be loaded, or a run that failed for no test's sake, counts as one failure. */
export function tallyOf(report: VitestReport | null, exitCode: number): Tally {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 };
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** `N passed, N failed`, with `, N skipped` where there are any. */
export function summaryLine(parts: readonly Tally[]): string {
  const sum = (pick: (tally: Tally) => number): number => parts.reduce((total, part) => total + pick(part), 0);
  const skipped = sum((part) => part.skipped);
  return `${sum((part) => part.passed)} passed, ${sum((part) => part.failed)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
