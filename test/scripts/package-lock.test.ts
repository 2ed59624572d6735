import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Package {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as { packages: Record<string, Package> };

/** Whether a package that `from` asks for stands in the lock, where Node would look for it. */
function isLocked(name: string, from: string): boolean {
  const parents = from.split('/node_modules/');
  const places = parents.map((_, depth) => `${parents.slice(0, depth + 1).join('/node_modules/')}/node_modules/${name}`);
  return [`node_modules/${name}`, ...places].some((place) => place in packages);
}

test('package-lock.json has the packages of every platform, or npm ci refuses it: scripts/complete-lock.mjs adds them', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) => Object.keys(optionalDependencies ?? {}).filter((name) => !isLocked(name, path)));
  expect(missing).toEqual([]);
});

test('package-lock.json names no registry host', () => {
  expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});
