import { spawn } from 'node:child_process';

/** What a further process of a load said last: its JSON report, null where it ended without one. */
export interface WorkerEnd { readonly code: number | null; readonly report: { readonly regions?: Record<string, Record<string, number>> } | null }

/** Starts further processes of this program with these arguments; aborted, they are asked to drain and end. */
export function startWorkers(count: number, args: readonly string[], stop: AbortSignal): Promise<WorkerEnd>[] {
  return Array.from({ length: count }, () => runWorker(args, stop));
}

async function runWorker(args: readonly string[], stop: AbortSignal): Promise<WorkerEnd> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = (): void => void child.kill('SIGTERM');
  if (stop.aborted) end();
  stop.addEventListener('abort', end, { once: true });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  stop.removeEventListener('abort', end);
  return { code, report: reportIn(out) };
}

function reportIn(out: string): WorkerEnd['report'] {
  try {
    return JSON.parse(out.trim().split('\n').at(-1) ?? '') as WorkerEnd['report'];
  } catch {
    return null; // it ended before it could report; its exit code says so
  }
}
