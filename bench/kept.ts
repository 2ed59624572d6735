import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from './baseline.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'bench/baselines');
const GIB = 2 ** 30;

/** A result that is kept, with what it was measured on. */
export interface Baseline {
  readonly date: string;
  readonly commit: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly result: Result;
}

/** Writes `bench/baselines/<bench>.json`; returns its path. */
export function keep(result: Result): string {
  const path = pathOf(String(result['bench']));
  mkdirSync(FOLDER, { recursive: true });
  const baseline: Baseline = { date: new Date().toISOString(), commit: commit(), machine: machine(), versions: versions(), result };
  writeFileSync(path, `${JSON.stringify(baseline, null, 2)}\n`);
  return path;
}

/** The kept result of a bench; null where there is none. */
export function keptFor(bench: string): Baseline | null {
  const path = pathOf(bench);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Baseline) : null;
}

/** Whether it was measured on a machine like this one. */
export function sameMachine(baseline: Baseline): boolean {
  return JSON.stringify(baseline.machine) === JSON.stringify(machine());
}

function pathOf(bench: string): string {
  return join(FOLDER, `${bench}.json`);
}

function machine(): Record<string, unknown> {
  const processors = cpus();
  return { cores: processors.length, processor: processors[0]?.model ?? 'unknown', memoryGiB: Math.round(totalmem() / GIB), system: `${platform()} ${arch()} ${release()}` };
}

function versions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const client = (name: string): [string, string] => [name, dependencies[name] ?? 'unknown'];
  return { node: process.version, ...Object.fromEntries([client('@platformatic/kafka'), client('@elastic/elasticsearch')]), kafka: serverVersion('kafka', 'org.apache.kafka', 'kafka_2.13'), elasticsearch: serverVersion('elasticsearch', 'org.elasticsearch', 'elasticsearch') };
}

/** As Maven's coordinates name it. */
function serverVersion(kind: string, group: string, artifact: string): string {
  const pom = readFileSync(join(ROOT, 'stack', kind, 'pom.xml'), 'utf8');
  const stated = new RegExp(`<groupId>${escaped(group)}</groupId>\\s*<artifactId>${escaped(artifact)}</artifactId>\\s*<version>([^<]+)</version>`).exec(pom)?.[1] ?? 'unknown';
  const property = /^\$\{(.+)\}$/.exec(stated)?.[1];
  return property === undefined ? stated : (new RegExp(`<${property}>([^<]+)</${property}>`).exec(pom)?.[1] ?? 'unknown');
}

function escaped(text: string): string {
  return text.replaceAll('.', '\\.');
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
}
