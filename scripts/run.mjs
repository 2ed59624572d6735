#!/usr/bin/env node
// Runs a program of this repository with the Node that comes with it, and installs what is missing before.
// Plain JavaScript for Node >= 18 without any package: `node scripts/run.mjs FILE [ARGUMENTS]`, FILE relative to the repository.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PARENT_POLL_MS = 1_000;
// What streams records through makes much garbage that dies young: room for more of it (128 MiB by default on a large machine)
// costs twice the time of a collection that finds it in the processor's cache. Measured: bench/NOTES.md.
const STREAMING_OPTIONS = '--max-semi-space-size=8';
// Of the C library's allocator (glibc; others do not look): large buffers that every thread keeps for itself are memory that nobody uses.
const ARENAS = '1';
const TETHER = join(ROOT, 'scripts/tether.mjs');

/** Runs one program of the repository and exits with its code. */
export async function run(file, args) {
  try {
    await install(ROOT);
  } catch (error) {
    process.stderr.write(`sluice: ${error.message}\n`);
    process.exit(1);
  }
  const child = start(resolve(ROOT, file), args);
  passSignals(child);
  child.on('error', (error) => {
    process.stderr.write(`sluice: Node could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

// The fourth descriptor is the tether: should this process be killed, the program sees it end and stops as well.
function start(file, args) {
  return spawn(join(ROOT, 'node_modules/.bin/node'), ['--import', TETHER, file, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env: environmentOf(file, process.env) });
}

/** What a program finds in its environment, and so do the processes that it starts. */
export function environmentOf(file, env) {
  const streams = ['src', 'bench'].some((folder) => file.startsWith(join(ROOT, folder) + sep));
  return {
    ...env,
    SLUICE_TETHER: '3',
    PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${env.PATH ?? ''}`,
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(ROOT, 'node_modules/.cache/compile'),
    ...(streams ? { NODE_OPTIONS: [STREAMING_OPTIONS, env.NODE_OPTIONS].filter(Boolean).join(' '), MALLOC_ARENA_MAX: env.MALLOC_ARENA_MAX ?? ARENAS } : {}),
  };
}

// A terminal sends SIGINT to the whole group, so the program has it already; passed on, it would count as a second Ctrl-C.
function passSignals(child) {
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => terminal || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  setInterval(() => process.ppid === npm || child.kill('SIGTERM'), PARENT_POLL_MS).unref();
}

if (process.argv[1] !== undefined && existsSync(process.argv[1]) && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) {
    process.stderr.write('usage: node scripts/run.mjs FILE [ARGUMENTS]\n');
    process.exit(2);
  }
  await run(file, args);
}
