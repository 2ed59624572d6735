import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../src/main/sluice.ts', import.meta.url));
const TETHER = fileURLToPath(new URL('../scripts/tether.mjs', import.meta.url));

export interface TetheredOptions {
  /** Its first descriptors, and `ipc` where it is to say that it is ready. */
  readonly stdio: Exclude<StdioOptions, string>;
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `sluice <args>` as a process of its own that ends when this one does, also when this one is killed: what a bench left behind would disturb the next one. */
export function spawnTethered(args: readonly string[], options: TetheredOptions): ChildProcess {
  return spawnProgram(CLI, args, options);
}

/** The same for a program of the bench, to its end; resolves with the one thing that it tells. Rejects where it told nothing. */
export async function runTethered(program: URL, args: readonly string[]): Promise<unknown> {
  const child = spawnProgram(fileURLToPath(program), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let told: unknown;
  child.once('message', (message) => { told = message; });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (told === undefined) throw new Error(`${program.pathname.split('/').at(-1)} ended with ${code} before it was done`);
  return told;
}

function spawnProgram(program: string, args: readonly string[], { stdio, nodeOptions = [], env = {} }: TetheredOptions): ChildProcess {
  const tether = String(stdio.length);
  return spawn(process.execPath, ['--import', TETHER, ...nodeOptions, program, ...args], { stdio: [...stdio, 'pipe'], env: { ...process.env, ...env, SLUICE_TETHER: tether } });
}
