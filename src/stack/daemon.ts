import { messageOf } from '../domain/errors.ts';
import { writeConfigFile } from './config-file.ts';
import type { StackProgress } from './progress.ts';
import { startStack, type Stack, type StackOptions } from './stack.ts';
import { writeState } from './state.ts';

/**
 * The owner of a detached stack: starts it, tells its parent how that goes, and keeps it until SIGTERM. SIGHUP starts
 * again what has died. Usage: daemon.ts OPTIONS, as JSON.
 */
export type DaemonMessage = { readonly kind: 'progress'; readonly progress: StackProgress } | { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string };

const HOLD_MS = 60_000;
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(signal, () => ending.abort());

async function run(options: StackOptions): Promise<void> {
  const stack = await startStack({ ...options, signal: ending.signal, onProgress: (progress) => tell({ kind: 'progress', progress }) });
  const config = writeConfigFile(stack.folder, stack.endpoints);
  const save = (): void => writeState(stack, config);
  stack.onExit(save);
  process.on('SIGHUP', () => void revive(stack).catch(() => undefined).then(save));
  save();
  tell({ kind: 'ready' });
  process.removeAllListeners('disconnect');
  process.disconnect?.();
  await untilAborted();
  await stack.down();
}

async function untilAborted(): Promise<void> {
  // Without a timer nothing would hold this process when every server has died.
  const hold = setInterval(() => undefined, HOLD_MS);
  if (!ending.signal.aborted) await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
  clearInterval(hold);
}

async function revive(stack: Stack): Promise<void> {
  await Promise.all(stack.servers.filter(({ state }) => state === 'died').map(({ name }) => stack.start(name)));
}

function tell(message: DaemonMessage): void {
  // Nobody listens any more when the parent has gone.
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

try {
  await run(JSON.parse(process.argv[2] ?? '{}') as StackOptions);
  process.exit(0);
} catch (error) {
  tell({ kind: 'failed', message: messageOf(error) });
  process.exit(1);
}
