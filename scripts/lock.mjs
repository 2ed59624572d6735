// A lock between processes, as a file that names its holder. Plain JavaScript on Node >= 18: it is used before anything is installed.
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const HEARTBEAT_MS = 1_000;
const POLL_MS = 100;
/** A holder that shows no sign of life for this long, watched by the waiter's own clock, is taken for dead. */
const SILENCE_MS = 30_000;

/** Runs `work` while no other process holds `path`; takes over the lock of a dead holder. */
export async function withLock(path, work, { onWait, signal } = {}) {
  await acquire(path, onWait, signal);
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release(path);
  }
}

async function acquire(path, onWait, signal) {
  mkdirSync(dirname(path), { recursive: true });
  let watched = { seen: undefined, since: performance.now() };
  let told = false;
  while (!take(path)) {
    signal?.throwIfAborted();
    const holder = look(path);
    if (holder?.seen !== watched.seen) watched = { seen: holder?.seen, since: performance.now() };
    if (holder !== undefined && (!isAlive(holder.pid) || performance.now() - watched.since > SILENCE_MS)) evict(path, holder);
    else {
      if (!told) onWait?.(holder?.pid);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

// Written aside and linked into place, so that the file is never seen without its content.
function take(path) {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(aside, String(process.pid));
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
    const pid = Number(readFileSync(path, 'utf8'));
    const { mtimeMs, ino } = statSync(path);
    return { pid, ino, seen: `${ino}:${mtimeMs}` };
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

// Of several waiters only one can rename the file; should a new holder have come between, its lock is put back.
function evict(path, holder) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    if (statSync(aside).ino !== holder.ino) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(path) {
  if (look(path)?.pid === process.pid) rmSync(path, { force: true });
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
