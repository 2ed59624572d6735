// Installs the pinned Python parts of stack/<name>/requirements.txt into a virtual environment, once, and prints its folder:
// `node scripts/python-parts.mjs spark`. Several processes may ask at once; what is there already costs nothing.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const run = promisify(execFile);
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** The virtual environment of `name`, made where it is not there. Rejects with what Python said. */
export async function pythonParts(name, { python = process.env.SLUICE_PYTHON ?? 'python3', report = () => {}, cache = cacheFolder() } = {}) {
  const requirements = join(import.meta.dirname, '../stack', name, 'requirements.txt');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(cache, `python-${name}-${hash}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  await mkdir(cache, { recursive: true });
  await withLock(join(cache, `python-${name}.lock`), () => install(folder, requirements, python, report), { onWait: () => report('waits for another process that installs the Python parts') });
  return folder;
}

/** A virtual environment knows its own path: it is made in its place, and counts once `complete` stands in it. */
async function install(folder, requirements, python, report) {
  if (existsSync(join(folder, 'complete'))) return;
  await rm(folder, { recursive: true, force: true });
  report(`${python} installs ${requirements} (once)`);
  try {
    await run(python, ['-m', 'venv', folder]);
    await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--no-deps', '-r', requirements], { maxBuffer: OUTPUT_BYTES });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${python} was not found: install Python 3.10 or newer, or set SLUICE_PYTHON`, { cause: error });
    throw new Error(`${requirements} could not be installed: ${String(error.stderr ?? error.message).trim().split('\n').slice(-5).join('\n')}`, { cause: error });
  }
  await mkdir(join(folder, 'complete.new'), { recursive: true });
  await rename(join(folder, 'complete.new'), join(folder, 'complete'));
}

function cacheFolder() {
  const { SLUICE_CACHE, XDG_CACHE_HOME } = process.env;
  return SLUICE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [name = ''] = process.argv.slice(2);
  try {
    process.stdout.write(`${await pythonParts(name, { report: (text) => process.stderr.write(`${text}\n`) })}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
