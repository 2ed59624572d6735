import { vi } from 'vitest';
import { runCli } from '../../src/main/cli.ts';

export interface Help { readonly code: number; readonly text: string }

/** What the real command line prints of a command with `--help`, run in this process. */
export async function printedHelp(command: readonly string[]): Promise<Help> {
  let text = '';
  const write = (chunk: string | Uint8Array): boolean => { text += String(chunk); return true; };
  const spies = [vi.spyOn(process.stdout, 'write').mockImplementation(write), vi.spyOn(process.stderr, 'write').mockImplementation(write)];
  try {
    return { code: await runCli([...command, '--help']), text };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
