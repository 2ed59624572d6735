import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../domain/errors.ts';
import type { Path, Problem } from './problem.ts';
import type { Config } from './schema.ts';
import { isGroup } from './walk.ts';

/** Groups whose `directory` names a folder. */
const FOLDER_OF = new Set(['reference', 'warehouse']);

/** A copy in which every path of a file or folder is absolute; `baseOf` says what a relative one is relative to. */
export function absolutePaths(config: Config, baseOf: (path: Path) => string): Config {
  return mapFiles(config, [], (path, file) => resolve(baseOf(path), file)) as Config;
}

/** Files and folders named in the configuration that cannot be read. */
export function unreadableFiles(config: Config): Problem[] {
  const problems: Problem[] = [];
  mapFiles(config, [], (path, file) => {
    if (path.at(-2) === 'warehouse') return file; // made by the first seed
    const complaint = complaintAbout(file, path.at(-1) === 'directory');
    if (complaint !== null) problems.push({ path, expected: path.at(-1) === 'directory' ? 'a folder that can be read' : 'a file that can be read and is not empty', found: complaint });
    return file;
  });
  return problems;
}

function mapFiles(value: unknown, path: Path, change: (path: Path, file: string) => string): unknown {
  if (!isGroup(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => {
    const here = [...path, key];
    return [key, typeof inner === 'string' && namesFile(here, inner) ? change(here, inner) : mapFiles(inner, here, change)];
  }));
}

function namesFile(path: Path, value: string): boolean {
  const [group, key] = [String(path.at(-2)), String(path.at(-1))];
  // A program without a slash is looked for along the PATH.
  return key.endsWith('File') || (key === 'directory' && FOLDER_OF.has(group)) || (group === 'spark' && key === 'submit' && value.includes('/'));
}

function complaintAbout(file: string, directory: boolean): string | null {
  try {
    const facts = statSync(file);
    accessSync(file, constants.R_OK);
    if (directory ? !facts.isDirectory() : !facts.isFile() && !facts.isFIFO()) return `${file}, which is not one`;
    return !directory && facts.isFile() && facts.size === 0 ? `${file}, which is empty` : null;
  } catch (error) {
    return messageOf(error);
  }
}
