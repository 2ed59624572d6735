import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ConfigInput } from '../config/schema.ts';

/** A prefix that no other run has. */
export function runPrefix(): string {
  return `demo-${randomBytes(4).toString('hex')}.`;
}

/** The configuration file of a run, on servers that were started for it; returns its path. */
export function writeRunConfig(folder: string, settings: Partial<ConfigInput>): string {
  const path = join(folder, 'demo.config.yaml');
  writeFileSync(path, stringify({ host: { group: 'demo' }, ...settings }), { mode: 0o600 });
  return path;
}
