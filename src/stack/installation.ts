import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../../scripts/lock.mjs';
import { SluiceError } from '../domain/errors.ts';
import type { Jdk } from './java.ts';
import type { Report } from './progress.ts';
import type { Installation, ServerKind } from './server-kind.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Raised when what is made of the same sources changes. */
const LAYOUT = 1;
const OUTPUT_KEPT = 64 * 1024;

/** The folder for what is fetched once and used by every stack: SLUICE_CACHE, else the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { SLUICE_CACHE, XDG_CACHE_HOME } = environment;
  return SLUICE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice');
}

/** What is to be resolved: a folder with a pom. */
type Parts = Pick<ServerKind, 'kind' | 'sources' | 'complete'>;

/** Resolves a kind's pom with Maven, unless the cache has it. Several processes may ask at once. */
export async function install(kind: Parts, jdk: Jdk, report: Report, signal?: AbortSignal): Promise<Installation> {
  const sources = join(PROJECT, kind.sources);
  const folder = join(cacheFolder(), `${kind.kind}-${hashOf(sources)}`);
  if (!existsSync(folder)) {
    const options = { onWait: () => report('waits for another process that fetches the jars'), ...(signal && { signal }) };
    // One lock for all kinds: Maven's own repository is not safe for two Mavens at once.
    await withLock(join(cacheFolder(), 'install.lock'), () => fetchInto(folder, kind, sources, jdk, report, signal), options);
  }
  return installationIn(folder, jdk);
}

async function fetchInto(folder: string, kind: Parts, sources: string, jdk: Jdk, report: Report, signal?: AbortSignal): Promise<void> {
  if (existsSync(folder)) return;
  await mkdir(cacheFolder(), { recursive: true });
  const fresh = await mkdtemp(`${folder}.`);
  try {
    await cp(sources, join(fresh, 'sources'), { recursive: true });
    await copyJars(join(sources, 'pom.xml'), join(fresh, 'lib'), jdk, report, signal);
    await kind.complete?.(installationIn(fresh, jdk), sources);
    await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function installationIn(folder: string, jdk: Jdk): Installation {
  const lib = join(folder, 'lib');
  return { folder, jdk, jars: readdirSync(lib).sort().map((jar) => join(lib, jar)) };
}

function hashOf(sources: string): string {
  const hash = createHash('sha256').update(String(LAYOUT));
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  return hash.digest('hex').slice(0, 12);
}

async function copyJars(pom: string, target: string, jdk: Jdk, report: Report, signal?: AbortSignal): Promise<void> {
  report('Maven fetches the jars (once)');
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`, '-Dmaven.artifact.threads=8'];
  const maven = spawn('mvn', ['--batch-mode', '--strict-checksums', '-f', pom, ...goal], {
    env: mavenEnvironment(jdk),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  let output = '';
  let fetched = 0;
  for (const stream of [maven.stdout, maven.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
      const more = text.match(/^(\[INFO\] )?Downloaded /gm)?.length ?? 0;
      fetched += more;
      if (more > 0) report(`Maven fetches the jars (once): ${fetched} files`);
    });
  }
  const code = await exitOf(maven);
  if (code !== 0) throw mavenFailed(pom, code, output);
  if ((await readdir(target)).length === 0) throw new SluiceError('BUG', `Maven resolved ${pom} to no jar at all.`);
}

async function exitOf(maven: ReturnType<typeof spawn>): Promise<number | null> {
  try {
    const [code] = (await once(maven, 'close')) as [number | null];
    return code;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    const advice = 'Install it, for example "apt-get install maven" on Debian or Ubuntu or "brew install maven" on macOS, or give addresses of running servers.';
    throw new SluiceError('STACK_FAILED', `Running the servers needs Maven (the command "mvn"), which was not found. ${advice}`, { cause });
  }
}

// Maven brings its own idea of where Java is; only where it would find none is ours given.
function mavenEnvironment(jdk: Jdk): NodeJS.ProcessEnv {
  const onPath = (process.env['PATH'] ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, 'java')));
  return process.env['JAVA_HOME'] !== undefined || onPath ? process.env : { ...process.env, JAVA_HOME: jdk.home };
}

function mavenFailed(pom: string, code: number | null, output: string): SluiceError {
  const errors = output.split('\n').filter((line) => line.includes('ERROR')).slice(0, 5).join('\n');
  return new SluiceError('STACK_FAILED', `Maven could not resolve ${pom} (exit code ${code}):\n${errors || output.slice(-1_000)}`);
}
