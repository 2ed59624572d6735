// Makes node_modules what package-lock.json says. Plain JavaScript for Node >= 18 without any package.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';

const STAMP = 'node_modules/.sluice-installed';

/** Runs `npm ci` in `root` unless it is up to date; one process at a time. Rejects with a sentence for people. */
export async function install(root) {
  if (isStamped(root)) return;
  const onWait = (pid) => process.stderr.write(`sluice: waits for process ${pid}, which installs the packages\n`);
  await withLock(join(root, '.sluice/install.lock'), () => installAlone(root), { onWait });
}

async function installAlone(root) {
  if (isStamped(root)) return;
  if (!isInstalled(root)) await npmCi(root);
  if (!existsSync(join(root, 'node_modules/.bin/node'))) {
    throw new Error('npm installed everything but the program "node": allow the install script of the package "node" (npm config ignore-scripts must be false) and try again.');
  }
  writeFileSync(join(root, STAMP), hashOfLock(root));
}

function isStamped(root) {
  const stamp = join(root, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfLock(root);
}

/** True where somebody installed by hand: npm keeps a list of what it installed, which must agree with the lock. */
export function isInstalled(root) {
  const list = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(list) || !existsSync(join(root, 'node_modules/.bin/node'))) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(list);
  return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || present[path]?.version === version || (optional === true && present[path] === undefined));
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

function hashOfLock(root) {
  return createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).update(`${process.platform}-${process.arch}`).digest('hex');
}

function npmCi(root) {
  process.stderr.write('sluice: installs the packages of package-lock.json (npm ci), which takes about a minute …\n');
  const began = Date.now();
  return new Promise((done, failed) => {
    const npm = spawn('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', process.stderr, process.stderr] });
    for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, () => npm.kill(signal));
    npm.on('error', () => failed(new Error('The command "npm" was not found: install Node.js with npm.')));
    npm.on('close', (code) => {
      if (code !== 0) return failed(new Error(`The packages could not be installed: "npm ci" ended with ${code ?? 'a signal'} (its message is above).`));
      process.stderr.write(`sluice: packages installed in ${Math.round((Date.now() - began) / 1_000)} s\n`);
      done();
    });
  });
}
