import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { withoutGroups, type Environment } from '../config/environment.ts';
import type { ConfigInput } from '../config/schema.ts';
import { GENERATED } from '../inputs/generate/generate.ts';
import { RETAIL_SALES } from '../inputs/replay/read-records.ts';

/** The same in every run: its processes share a machine, and the proof knows these pipelines and these reference files. */
const FIXED = { host: { group: 'demo' }, http: {}, pipelines: [...GENERATED, RETAIL_SALES], reference: {} } satisfies Partial<ConfigInput>;
/** Groups of the configuration that the run's file has the last word on. */
const DECIDED = [...Object.keys(FIXED), 'prefix', 'regions', 'source'];

/** A prefix that no other run has. */
export function runPrefix(): string {
  return `demo-${randomBytes(4).toString('hex')}.`;
}

/** Whether all that bears the prefix was made by a run. */
export function isRunPrefix(prefix: string): boolean {
  return /^demo-[0-9a-f]{8}\.$/.test(prefix);
}

/** The configuration file of a run; what is the same in every run replaces what the settings say. Returns its path. */
export function writeRunConfig(folder: string, settings: Partial<ConfigInput>): string {
  const path = join(folder, 'demo.config.yaml');
  writeFileSync(path, stringify({ ...settings, ...FIXED }), { mode: 0o600 });
  return path;
}

/** The environment in which that file is read: no variable leads the run to other names or servers. */
export function runEnvironment(env: Environment): Environment {
  return withoutGroups(env, DECIDED);
}
