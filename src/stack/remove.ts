import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { killProcessesOf } from './processes.ts';

/** Ends whatever is left of a stack whose owner is gone, processes and containers, and removes its folder. */
export async function removeStack(folder: string, composeProject: string | undefined): Promise<void> {
  if (composeProject !== undefined) {
    spawnSync('docker', ['compose', '--project-name', composeProject, 'down', '--volumes', '--timeout', '0'], { stdio: 'ignore' });
  }
  await killProcessesOf(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
