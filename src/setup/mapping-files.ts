import { readdir, readFile } from 'node:fs/promises';
import { SluiceError } from '../domain/errors.ts';
import type { Json } from '../ports/search-index.ts';

/** Settings and mappings of an index family, of its newest version. */
export interface Mapping {
  readonly version: number;
  readonly settings: Json;
  readonly mappings: Json;
}

/** The folder of mappings that comes with the project. */
export const MAPPINGS = new URL('../../mappings/', import.meta.url);

const VERSION_FILE = /^v([1-9]\d*)\.json$/;

/** Reads the highest `vN.json` of `mappings/<name>/`. Rejects with `CONFIG_INVALID` where there is none or it is no mapping. */
export async function readMapping(name: string, folder: URL = MAPPINGS): Promise<Mapping> {
  const directory = new URL(`${name}/`, folder);
  const version = Math.max(0, ...versionsOf(await filesIn(directory, name)));
  if (version === 0) throw new SluiceError('CONFIG_INVALID', `mappings/${name} holds no v1.json`);
  return parse(await readFile(new URL(`v${version}.json`, directory), 'utf8'), `mappings/${name}/v${version}.json`, version);
}

function versionsOf(files: readonly string[]): number[] {
  return files.flatMap((file) => VERSION_FILE.exec(file)?.slice(1).map(Number) ?? []);
}

async function filesIn(directory: URL, name: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `there is no folder mappings/${name}`, { cause });
  }
}

function parse(text: string, file: string, version: number): Mapping {
  let content: { settings?: Json; mappings?: Json };
  try {
    content = JSON.parse(text) as typeof content;
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `${file} is not JSON`, { cause });
  }
  if (content.mappings === undefined) throw new SluiceError('CONFIG_INVALID', `${file} has no "mappings"`);
  return { version, settings: content.settings ?? {}, mappings: content.mappings };
}
