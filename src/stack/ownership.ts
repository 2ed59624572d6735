import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { SluiceError } from '../domain/errors.ts';
import { isAlive, processIdentity } from './processes.ts';
import { removeStack } from './remove.ts';

const OWNER_FILE = 'owner.json';
const GUARD_END_MS = 15_000;

interface Owner {
  readonly pid: number;
  readonly identity: string;
  readonly host: string;
  /** Project of the stack's containers; absent where it has processes. */
  readonly composeProject?: string;
}

/** A stack folder taken by this process, with the guard that cleans up behind it. */
export interface Ownership {
  /** Lets the guard clean up what is left and waits for it. */
  release(): Promise<void>;
}

/** Takes a folder for this process, sweeps what dead owners left beside it, and starts the guard. */
export async function takeOwnership(folder: string, composeProject?: string): Promise<Ownership> {
  await sweepDeadStacks(dirname(folder));
  const owner = readOwner(folder);
  if (owner !== undefined) throw new SluiceError('STACK_FAILED', `The stack in ${folder} is already run by process ${owner.pid}.`);
  mkdirSync(folder, { recursive: true });
  const me: Owner = { pid: process.pid, identity: processIdentity(process.pid), host: hostname(), ...(composeProject !== undefined && { composeProject }) };
  writeOwner(folder, me);
  return startGuard(folder, composeProject);
}

// Linked into place, so that two processes cannot both take the folder and nobody reads half a file.
function writeOwner(folder: string, owner: Owner): void {
  const aside = join(folder, `.owner-${process.pid}`);
  writeFileSync(aside, JSON.stringify(owner));
  try {
    linkSync(aside, join(folder, OWNER_FILE));
  } catch (cause) {
    throw new SluiceError('STACK_FAILED', `The stack in ${folder} was taken by another process in this moment.`, { cause });
  } finally {
    rmSync(aside, { force: true });
  }
}

async function startGuard(folder: string, composeProject: string | undefined): Promise<Ownership> {
  const script = join(import.meta.dirname, 'guard.ts');
  const args = composeProject === undefined ? [script, folder] : [script, folder, composeProject];
  const guard = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' });
  const ended = once(guard, 'exit');
  await Promise.race([once(guard.stdout, 'data'), ended.then(() => { throw new SluiceError('STACK_FAILED', 'The guard process of the stack did not start.'); })]);
  guard.stdout.destroy();
  guard.unref();
  guard.stdin.on('error', () => undefined);
  (guard.stdin as unknown as { unref(): void }).unref();
  return { release: () => endGuard(guard.stdin, ended) };
}

async function endGuard(pipe: NodeJS.WritableStream, ended: Promise<unknown>): Promise<void> {
  const timer = { handle: undefined as NodeJS.Timeout | undefined };
  pipe.end();
  await Promise.race([ended, new Promise((resolve) => { timer.handle = setTimeout(resolve, GUARD_END_MS); })]);
  clearTimeout(timer.handle);
}

/** Removes every stack under `root` whose owner on this host is gone, with servers that are left. Returns the folders. */
export async function sweepDeadStacks(root: string): Promise<string[]> {
  if (!existsSync(root)) return [];
  const swept: string[] = [];
  for (const entry of readdirSync(root)) {
    const folder = join(root, entry);
    const owner = readOwner(folder);
    if (owner === undefined || owner.host !== hostname() || isOwnerAlive(owner)) continue;
    await removeStack(folder, owner.composeProject);
    swept.push(folder);
  }
  return swept;
}

/** The living or dead owner of a stack folder; undefined where there is none. */
export function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, OWNER_FILE), 'utf8')) as Owner;
  } catch {
    // No folder, no file, or a file that is being written: nobody's stack.
    return undefined;
  }
}

/** Whether the process that took the folder still runs. */
export function isOwnerAlive(owner: Owner): boolean {
  return isAlive(owner.pid) && processIdentity(owner.pid) === owner.identity;
}
