import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summaryLine, tallyOf, type Tally, type VitestReport } from './support/tally.ts';

/**
 * `npm test`: types, lint and every test; with arguments, only vitest with these arguments (`npm test -- --project unit`).
 * The last line is `N passed, N failed`; types and lint count as one test each.
 */
const ROOT = join(import.meta.dirname, '..');
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(filters: readonly string[]): Promise<number> {
  const parts: Tally[] = [];
  if (filters.length === 0) {
    parts.push(await check('types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']));
    parts.push(await check('lint', ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.']));
  }
  parts.push(await runVitest(filters));
  process.stdout.write(`${summaryLine(parts)}\n`);
  return parts.some(({ failed }) => failed > 0) ? 1 : 0;
}

async function check(name: string, command: readonly string[]): Promise<Tally> {
  process.stdout.write(`\n${name} …\n`);
  const passed = (await runNode(command)) === 0;
  process.stdout.write(`${name}: ${passed ? 'good' : 'FAILED'}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function runVitest(filters: readonly string[]): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  try {
    const output = join(folder, 'report.json');
    const code = await runNode(['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`, ...filters]);
    const report = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as VitestReport) : null;
    return tallyOf(report, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runNode(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { cwd: ROOT, stdio: 'inherit' });
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of ENDING_SIGNALS) process.on(signal, pass);
    child.once('error', reject);
    child.once('exit', (code) => {
      for (const signal of ENDING_SIGNALS) process.off(signal, pass);
      resolve(code ?? 1);
    });
  });
}

process.exit(await main(process.argv.slice(2)));
