import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/main/sluice.ts', import.meta.url));

/** A Sluice process of a test. */
export interface SluiceProcess {
  /** Where it serves its health. */
  readonly url: string;
  readonly child: ChildProcess;
  /** Sends the signal and waits for the end; resolves with the exit code (null when killed). */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ProcessOptions {
  /** Before the program. */
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `sluice <args> --config <file>` as a process of its own; resolves when it serves its health. */
export async function startProcess(configFile: string, args: readonly string[], { nodeOptions = [], env = {} }: ProcessOptions = {}): Promise<SluiceProcess> {
  const child = spawn(process.execPath, [...nodeOptions, CLI, ...args, '--config', configFile], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, ...env } });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => { log = (log + chunk.toString()).slice(-4_000); });
  const exited = once(child, 'exit');
  const url = await Promise.race([
    once(child, 'message').then(([message]) => (message as { url: string }).url),
    exited.then(() => { throw new Error(`sluice ${args.join(' ')} ended at once:\n${log}`); }),
  ]);
  return {
    url, child,
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0] as number | null;
    },
  };
}

/** Runs a `sluice` command to its end. Rejects where it ends without an exit code of its own, as when it is killed. */
export function runSluice(configFile: string, args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CLI, ...args, '--config', configFile], (error, out, err) => {
      if (error === null) resolve({ code: 0, out, err });
      else if (typeof error.code === 'number') resolve({ code: error.code, out, err });
      else reject(new Error(`sluice ${args.join(' ')} ended without an exit code`, { cause: error }));
    });
  });
}

/** Starts a `sluice` command that the caller may end before it ends by itself. */
export function spawnSluice(configFile: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...args, '--config', configFile], { stdio: 'ignore', env: { ...process.env, SLUICE__LOG__LEVEL: 'silent' } });
}

/** Runs a `sluice` command with `--json` to its end; `out` is what it prints. Rejects with its last words where it prints nothing. */
export async function sluiceJson(configFile: string, args: readonly string[]): Promise<{ readonly code: number; readonly out: Record<string, unknown> }> {
  const { code, out, err } = await runSluice(configFile, [...args, '--json']);
  if (out.trim() === '') throw new Error(err);
  return { code, out: JSON.parse(out) as Record<string, unknown> };
}
