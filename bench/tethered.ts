import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../src/main/sluice.ts', import.meta.url));
const TETHER = fileURLToPath(new URL('../scripts/tether.mjs', import.meta.url));

export interface TetheredOptions {
  /** Its first descriptors, and `ipc` where it is to say that it is ready. */
  readonly stdio: Exclude<StdioOptions, string>;
  readonly nodeOptions: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts `sluice <args>` as a process of its own that ends when this one does, also when this one is killed: what a bench left behind would disturb the next one. */
export function spawnTethered(args: readonly string[], { stdio, nodeOptions, env }: TetheredOptions): ChildProcess {
  const tether = String(stdio.length);
  return spawn(process.execPath, ['--import', TETHER, ...nodeOptions, CLI, ...args], { stdio: [...stdio, 'pipe'], env: { ...process.env, ...env, SLUICE_TETHER: tether } });
}
