import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import PQueue from 'p-queue';
import type { ObjectStore } from '../ports/object-store.ts';

/** Files on their way at once. */
const CONCURRENCY = 4;

/** Puts every file of a folder under `prefix`, then removes what else lay in the tables that the folder holds. */
export async function uploadFolder(folder: string, prefix: string, store: ObjectStore, signal: AbortSignal): Promise<{ files: number; bytes: number }> {
  const files = await filesOf(folder);
  const queue = new PQueue({ concurrency: CONCURRENCY });
  let bytes = 0;
  await queue.addAll(files.map((file) => async () => {
    signal.throwIfAborted();
    const content = await readFile(join(folder, file));
    bytes += content.length;
    await store.put(prefix + file, content);
  }));
  await removeOthers(new Set(files.map((file) => prefix + file)), prefix, store);
  return { files: files.length, bytes };
}

/** Paths below the folder, with slashes. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')).sort();
}

async function removeOthers(kept: ReadonlySet<string>, prefix: string, store: ObjectStore): Promise<void> {
  const tables = new Set([...kept].map((key) => `${prefix}${key.slice(prefix.length).split('/', 1)[0]}/`));
  for (const table of tables) {
    for await (const { key } of store.list(table)) if (!kept.has(key)) await store.remove(key);
  }
}
