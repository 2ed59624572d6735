import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseDocument } from 'yaml';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Environment } from './environment.ts';

const NAMES = ['yaml', 'yml', 'json', 'ts', 'mjs'].map((extension) => `sluice.config.${extension}`);
const MAX_BYTES = 1024 * 1024;

/** The file to read: the given one, `SLUICE_CONFIG`, or the one in `cwd`; null where there is none. Several in `cwd` are refused. */
export function findConfigFile(options: { file?: string | undefined; env: Environment; cwd: string }): string | null {
  const named = options.file ?? options.env['SLUICE_CONFIG'];
  if (named !== undefined && named !== '') return resolve(options.cwd, named);
  const found = NAMES.filter((name) => existsSync(join(options.cwd, name)));
  if (found.length > 1) throw refuse(options.cwd, `holds ${found.join(' and ')}: keep one, or say which with --config`);
  return found[0] === undefined ? null : join(options.cwd, found[0]);
}

/** The file's content as plain data, unchecked; throws CONFIG_INVALID where it cannot be read or parsed. */
export async function readConfigFile(file: string): Promise<unknown> {
  const extension = extname(file).slice(1);
  if (extension === 'ts' || extension === 'mjs') return plainData(file, await importDefault(file));
  if (extension !== 'yaml' && extension !== 'yml' && extension !== 'json') throw refuse(file, 'must end in .yaml, .yml, .json, .ts or .mjs');
  const text = readText(file);
  return plainData(file, extension === 'json' ? parseJson(file, text) : parseYaml(file, text));
}

function readText(file: string): string {
  const bytes = attempt(file, 'cannot be read', () => readFileSync(file));
  if (bytes.length > MAX_BYTES) throw refuse(file, `is larger than ${MAX_BYTES} bytes`);
  return bytes.toString('utf8');
}

function parseJson(file: string, text: string): unknown {
  return attempt(file, 'is not JSON', () => JSON.parse(text.replace(/^\uFEFF/, '')) as unknown);
}

function parseYaml(file: string, text: string): unknown {
  const document = attempt(file, 'is not YAML', () => parseDocument(text, { logLevel: 'silent' }));
  const [first] = document.errors;
  if (first !== undefined) throw refuse(file, `is not YAML: ${first.message}`);
  return attempt(file, 'is not plain YAML', () => document.toJS() as unknown) ?? {};
}

async function importDefault(file: string): Promise<unknown> {
  if (!existsSync(file)) throw refuse(file, 'cannot be read: no such file');
  try {
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    if (module['default'] !== undefined) return module['default'];
  } catch (error) {
    throw refuse(file, `cannot be loaded: ${messageOf(error)}`);
  }
  throw refuse(file, 'has no default export');
}

/** A deep copy of data only: what JSON can hold. */
function plainData(file: string, value: unknown): unknown {
  return attempt(file, 'does not hold plain data', () => JSON.parse(JSON.stringify(value) ?? 'null', refuseProto) as unknown);
}

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new Error('the key __proto__ is not allowed');
  return value;
}

function attempt<Value>(file: string, complaint: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw refuse(file, `${complaint}: ${messageOf(error)}`);
  }
}

function refuse(file: string, complaint: string): SluiceError {
  return new SluiceError('CONFIG_INVALID', `the configuration ${file} ${complaint}`);
}
