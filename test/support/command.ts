import { spawnSync } from 'node:child_process';

/**
 * Whether a system program is there, for `test.skipIf(!hasCommand('kcat', 'apt-get install kcat'))`. When it is not, one
 * line says so; with SLUICE_REQUIRE_ALL (set in CI) that is an error instead.
 */
export function hasCommand(name: string, howToInstall: string): boolean {
  if (spawnSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' }).status === 0) return true;
  tellSkipped(`"${name}" is not installed (${howToInstall}): the tests that need it do not run.`);
  return false;
}

/** Says in one line that something is absent, and which tests do not run without it; with SLUICE_REQUIRE_ALL it throws instead. */
export function tellSkipped(message: string): void {
  if (process.env['SLUICE_REQUIRE_ALL'] !== undefined) throw new Error(message);
  process.stdout.write(`skipped: ${message}\n`);
}
