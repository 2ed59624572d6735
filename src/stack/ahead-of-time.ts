import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../scripts/lock.mjs';
import { messageOf } from '../domain/errors.ts';
import { hasAheadOfTimeCache, type Jdk } from './java.ts';
import type { Report } from './progress.ts';
import type { Installation } from './server-kind.ts';
import type { ServerProcess } from './server-process.ts';

const NOTHING: readonly string[] = [];

/** Makes a server with these JVM flags, in a folder of its own. */
export type MakeServer = (flags: readonly string[]) => Promise<ServerProcess>;

/**
 * The JVM flags that make a kind start from an ahead-of-time cache: its classes loaded and linked
 * before, which halves the start. The first time, a server from `makeServer` is started with recording flags and ended
 * in good order, which writes the cache. No flags where the JVM has no such caches or the recording failed.
 */
export async function aheadOfTimeFlags(installation: Installation, makeServer: MakeServer, report: Report, signal?: AbortSignal): Promise<readonly string[]> {
  if (!hasAheadOfTimeCache(installation.jdk)) return NOTHING;
  const cache = join(installation.folder, `aot-${idOf(installation.jdk)}`);
  const failure = `${cache}.failed`;
  const isSettled = (): boolean => existsSync(cache) || existsSync(failure);
  if (!isSettled()) {
    const options = { onWait: () => report('waits for another process that prepares quicker starts'), ...(signal && { signal }) };
    await withLock(`${cache}.lock`, async () => {
      if (isSettled()) return;
      report('prepares quicker starts (once)');
      await train(cache, failure, makeServer, signal);
    }, options);
  }
  return existsSync(cache) ? [`-XX:AOTCache=${cache}`] : NOTHING;
}

async function train(cache: string, failure: string, makeServer: MakeServer, signal?: AbortSignal): Promise<void> {
  const fresh = `${cache}.${process.pid}`;
  const server = await makeServer([`-XX:AOTCacheOutput=${fresh}`]);
  try {
    await server.prepare();
    await server.start(signal);
    await server.stop();
    await rename(fresh, cache);
  } catch (error) {
    await server.destroy();
    signal?.throwIfAborted();
    // Only slower: remembered, so that not every start tries again.
    await writeFile(failure, messageOf(error));
  } finally {
    await Promise.all([fresh, `${fresh}.config`].map((file) => rm(file, { force: true })));
  }
}

function idOf(jdk: Jdk): string {
  return createHash('sha256').update(jdk.build).update(jdk.home).digest('hex').slice(0, 12);
}
