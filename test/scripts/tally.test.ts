import { describe, expect, test } from 'vitest';
import { summaryLine, tallyOf, type VitestReport } from '../support/tally.ts';

const REPORT: VitestReport = {
  numPassedTests: 7,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 0,
  testResults: [{ status: 'failed', assertionResults: [{ status: 'failed' }] }, { status: 'passed', assertionResults: [{ status: 'passed' }] }],
};

describe('the last line of npm test', () => {
  test('sums the parts, and names skipped tests only when there are any', () => {
    expect(summaryLine([{ passed: 1, failed: 0, skipped: 0 }, { passed: 4, failed: 1, skipped: 0 }])).toBe('5 passed, 1 failed');
    expect(summaryLine([{ passed: 1, failed: 0, skipped: 3 }])).toBe('1 passed, 0 failed, 3 skipped');
  });

  test('counts what vitest counted', () => {
    expect(tallyOf(REPORT, 1)).toEqual({ passed: 7, failed: 1, skipped: 2 });
  });

  test('counts a file that could not be loaded as a failure', () => {
    expect(tallyOf({ ...REPORT, testResults: [...REPORT.testResults, { status: 'failed', assertionResults: [] }] }, 1).failed).toBe(2);
  });

  test('never calls a failed run good', () => {
    expect(tallyOf({ ...REPORT, numFailedTests: 0, testResults: [] }, 1).failed).toBe(1);
    expect(tallyOf(null, 0).failed).toBe(1);
  });
});
