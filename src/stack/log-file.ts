import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TAIL_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 200;

/** Size of a file in bytes; 0 where there is none. */
export function sizeOf(path: string): number {
  return withFile(path, (file) => fstatSync(file).size) ?? 0;
}

/** Text of a file from a byte position on, at most `bytes` of it. */
export function readFrom(path: string, position: number, bytes = TAIL_BYTES): string {
  return withFile(path, (file) => {
    const buffer = Buffer.alloc(Math.max(0, Math.min(bytes, fstatSync(file).size - position)));
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, position));
  }) ?? '';
}

/** The last lines of a file, found in its last 256 KiB. */
export function lastLines(path: string, count: number): string {
  return readFrom(path, Math.max(0, sizeOf(path) - TAIL_BYTES)).trimEnd().split('\n').slice(-count).join('\n');
}

/** Hands on what is appended to a file, until the file is gone or the signal ends it. */
export async function followFile(path: string, write: (text: string) => void, signal?: AbortSignal): Promise<void> {
  for (let position = sizeOf(path); existsSync(path) && signal?.aborted !== true;) {
    const text = readFrom(path, position, PIECE_BYTES);
    position += Buffer.byteLength(text);
    if (text !== '') write(text);
    else await sleep(FOLLOW_POLL_MS);
  }
}

function withFile<T>(path: string, read: (file: number) => T): T | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
  try {
    return read(file);
  } finally {
    closeSync(file);
  }
}
