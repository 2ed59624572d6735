import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { REGIONS, type Cluster } from '../cluster.ts';
import type { Fault } from './fault.ts';

const SLUICE = fileURLToPath(new URL('../../../src/main/sluice.ts', import.meta.url));
const TIMEOUT_MS = 60_000;
/** What is poison stays poison: some are left, which the command says with this code. */
const LEFT_OVER = 1;
const LIMIT = 100;

/** Somebody sends everything that failed once more, beside live traffic. */
export const redrive: Fault = {
  kind: 'redrive', targets: REGIONS, seconds: [1, 3], holds: () => ['redrive'],
  inject: (cluster, region) => redriveAll(cluster, region),
  heal: async () => undefined,
};

function redriveAll(cluster: Cluster, region: string): Promise<void> {
  const args = [SLUICE, '--config', cluster.configFile, 'failures', 'redrive', '--all', '--region', region, '--limit', String(LIMIT), '--wait', '10', '--json'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null || error.code === LEFT_OVER) resolve();
      else reject(new Error(`sluice failures redrive ended with ${error.code ?? error.signal}: ${stderr.slice(-500)}`));
    });
  });
}
