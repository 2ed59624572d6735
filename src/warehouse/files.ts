import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { asyncBufferFromFile, type AsyncBuffer } from 'hyparquet';
import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { storeBuffer } from './store-buffer.ts';
import type { TableName } from './tables.ts';

/** One file of a table, in its day's folder. */
export interface Partition {
  /** `yyyy-mm-dd` */
  readonly dt: string;
  /** Path of the file, or its key. */
  readonly path: string;
  readonly bytes: number;
}

/** Where the warehouse's files lie. */
export interface WarehouseFiles {
  /** Every file of a table, in order. Rejects with INPUT_INVALID where there is no such table. */
  list(table: TableName): Promise<Partition[]>;
  /** The file for reading pieces of it. */
  open(partition: Partition): Promise<AsyncBuffer>;
  /** A path on this machine that holds the file, below `scratch` where it had to be fetched. */
  local(partition: Partition, scratch: string): Promise<string>;
}

const DAY_FOLDER = /^dt=(\d{4}-\d{2}-\d{2})$/;
/** Bytes of one request when a file is fetched. */
const PIECE = 8 * 1024 * 1024;

/** The warehouse as a folder of this machine. */
export function localFiles(directory: string): WarehouseFiles {
  return {
    list: async (table) => {
      const partitions: Partition[] = [];
      for (const folder of await namesIn(join(directory, table), table)) {
        const dt = DAY_FOLDER.exec(folder)?.[1];
        if (dt === undefined) continue;
        const inside = await readdir(join(directory, table, folder), { withFileTypes: true });
        for (const entry of inside) if (entry.isDirectory() && !isHidden(entry.name)) throw tooDeep(join(directory, table, folder, entry.name));
        for (const name of inside.map((entry) => entry.name).filter(isData).sort()) {
          const path = join(directory, table, folder, name);
          partitions.push({ dt, path, bytes: (await stat(path)).size });
        }
      }
      return partitions;
    },
    open: ({ path }) => asyncBufferFromFile(path),
    local: ({ path }) => Promise.resolve(path),
  };
}

/** The warehouse as objects below a prefix of the store. */
export function storedFiles(store: ObjectStore, prefix: string): WarehouseFiles {
  return {
    list: async (table) => {
      const partitions: Partition[] = [];
      for await (const { key, size } of store.list(`${prefix}${table}/`)) {
        const [, folder = '', name = '', ...deeper] = key.slice(prefix.length).split('/');
        const dt = DAY_FOLDER.exec(folder)?.[1];
        if (dt === undefined || isHidden(name)) continue;
        if (deeper.length > 0) throw tooDeep(key);
        if (isData(name)) partitions.push({ dt, path: key, bytes: size });
      }
      if (partitions.length === 0) throw noTable(table);
      return partitions;
    },
    open: ({ path, bytes }) => Promise.resolve(storeBuffer(store, path, bytes)),
    local: async (partition, scratch) => await fetchTo(scratch, partition, store),
  };
}

/** What Hive and Spark take for their own and not for data, such as `_temporary`. */
export function isHidden(name: string): boolean {
  return name.startsWith('_') || name.startsWith('.');
}

function isData(name: string): boolean {
  return name.endsWith('.parquet') && !isHidden(name);
}

/** Left out, its rows would be missing without a word. */
function tooDeep(path: string): SluiceError {
  return new SluiceError('INPUT_INVALID', `${path} lies in a folder below its day: tables are partitioned by dt alone`);
}

async function namesIn(folder: string, table: TableName): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    throw noTable(table);
  }
}

function noTable(table: TableName): SluiceError {
  return new SluiceError('INPUT_INVALID', `the warehouse has no table ${table}: see warehouse.directory and warehouse.prefix; "sluice warehouse seed" makes one`);
}

/** Piece by piece, so that no file is in memory whole. */
async function fetchTo(scratch: string, { dt, path, bytes }: Partition, store: ObjectStore): Promise<string> {
  const folder = join(scratch, `dt=${dt}`);
  await mkdir(folder, { recursive: true });
  const target = join(folder, basename(path));
  const file = createWriteStream(target);
  for (let start = 0; start < bytes; start += PIECE) {
    const fetched = await store.get(path, { range: { start, end: Math.min(bytes, start + PIECE) } });
    if (fetched.kind !== 'found') throw new SluiceError('INPUT_INVALID', `${path} of the warehouse is ${fetched.kind} while it is read`);
    if (!file.write(fetched.bytes)) await once(file, 'drain');
  }
  await new Promise<void>((resolve, reject) => { file.once('error', reject).end(() => resolve()); });
  return target;
}
