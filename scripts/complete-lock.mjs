// Adds to package-lock.json the optional packages of other platforms that the registry did not serve when it was
// written; without them `npm ci` calls the lock out of date. Usage: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FILE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const PLATFORM = /-(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-([a-z0-9]+)(?:-(.+))?$/;
const lock = JSON.parse(readFileSync(FILE, 'utf8'));

let added = 0;
for (const [path, asking] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(asking.optionalDependencies ?? {})) {
    const platform = PLATFORM.exec(name);
    if (isLocked(name, path) || platform === null || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = entryOf(version, asking.dev === true, platform);
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (added > 0) writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} packages added\n`);

function isLocked(name, from) {
  const parents = from.split('/node_modules/');
  return parents.some((_, count) => `${parents.slice(0, parents.length - count).join('/node_modules/')}/node_modules/${name}` in lock.packages) || `node_modules/${name}` in lock.packages;
}

function entryOf(version, dev, [, os, cpu, variant = '']) {
  const libc = os === 'linux' && variant === 'musl' ? ['musl'] : os === 'linux' && variant === 'gnu' ? ['glibc'] : undefined;
  return { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc }), optional: true, os: [os] };
}
