// A lock between processes, as a file that names its holder. Plain JavaScript on Node >= 18: it is used before anything is installed.
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const HEARTBEAT_MS = 1_000;
const POLL_MS = 100;
/** A holder that shows no sign of life for this long, watched by the waiter's own clock, is taken for dead. */
const SILENCE_MS = 30_000;

/** Runs `work` while no other process holds `path`; takes over the lock of a dead holder. */
export async function withLock(path, work, { onWait, signal } = {}) {
  const mine = await acquire(path, onWait, signal);
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release(path, mine);
  }
}

async function acquire(path, onWait, signal) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${process.pid} ${randomBytes(8).toString('hex')}`;
  let watched = { seen: undefined, since: performance.now() };
  let told = false;
  while (!take(path, mine)) {
    signal?.throwIfAborted();
    const held = look(path);
    if (held?.seen !== watched.seen) watched = { seen: held?.seen, since: performance.now() };
    if (held !== undefined && (!isAlive(held.pid) || performance.now() - watched.since > SILENCE_MS)) await evict(path, held.content, signal);
    else {
      if (!told) onWait?.(held?.pid);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  return mine;
}

// Written aside and linked into place, so that the file is never seen without its content.
function take(path, content) {
  const aside = `${path}.${content.replace(' ', '.')}`;
  writeFileSync(aside, content);
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
}

function look(path) {
  try {
    const content = readFileSync(path, 'utf8');
    const { mtimeMs } = statSync(path);
    return { content, pid: Number.parseInt(content, 10), seen: `${content} ${mtimeMs}` };
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

// Only one waiter at a time may remove another's lock, so what it has just looked at is what it removes: nobody can take a path that is
// taken. That lock is one like any other: it is evicted in its turn should its holder die.
async function evict(path, content, signal) {
  await withLock(`${path}.evict`, async () => release(path, content), { signal });
}

function release(path, content) {
  if (look(path)?.content === content) rmSync(path, { force: true });
}

function touch(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
