import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { SluiceError } from '../domain/errors.ts';

/** Elasticsearch 9 asks for it. */
const MINIMUM_JAVA = 21;
/** From here on a JVM can start from an ahead-of-time cache that it trained itself. */
const AOT_JAVA = 25;

/** A Java development kit. */
export interface Jdk {
  readonly home: string;
  /** Feature release: 21, 25, … */
  readonly feature: number;
  /** Vendor and full version: caches of one build are of no use to another. */
  readonly build: string;
}

/** The JDK to use: JAVA_HOME's, else the one on the PATH, else the newest that is installed in the usual places. */
export function findJdk(environment: NodeJS.ProcessEnv = process.env): Jdk {
  const preferred = [environment['JAVA_HOME'], homeOnPath(environment)].flatMap((home) => inspectJdk(home) ?? []);
  const installed = usualPlaces().flatMap((home) => inspectJdk(home) ?? []).sort((a, b) => b.feature - a.feature);
  const found = [...preferred, ...installed];
  const jdk = found.find(({ feature }) => feature >= MINIMUM_JAVA);
  if (jdk !== undefined) return jdk;
  const seen = found.length === 0 ? 'none was found' : `found only ${found.map(({ feature, home }) => `${feature} in ${home}`).join(', ')}`;
  throw new SluiceError(
    'STACK_FAILED',
    `Running the servers needs a Java development kit (JDK) of version ${MINIMUM_JAVA} or newer: ${seen}. Install one, for example "apt-get install openjdk-21-jdk-headless" on Debian 13 or Ubuntu or "brew install openjdk" on macOS, or set JAVA_HOME.`,
  );
}

/** Whether this JDK can start from an ahead-of-time cache. */
export function hasAheadOfTimeCache(jdk: Jdk): boolean {
  return jdk.feature >= AOT_JAVA;
}

/** Reads the `release` file of a JDK; undefined where there is no JDK with a compiler. */
export function inspectJdk(home: string | undefined): Jdk | undefined {
  if (home === undefined || !existsSync(join(home, 'bin', 'javac')) || !existsSync(join(home, 'release'))) return undefined;
  const release = readFileSync(join(home, 'release'), 'utf8');
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
  if (version === undefined) return undefined;
  return { home, feature: Number.parseInt(version, 10), build: release };
}

function homeOnPath(environment: NodeJS.ProcessEnv): string | undefined {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const javac = join(folder, 'javac');
    if (folder !== '' && existsSync(javac)) return dirname(dirname(realpathSync(javac)));
  }
  return undefined;
}

function usualPlaces(): string[] {
  return [
    ...foldersIn('/usr/lib/jvm'),
    ...foldersIn('/opt/java'),
    ...foldersIn(join(homedir(), '.sdkman/candidates/java')),
    ...foldersIn(join(homedir(), '.jdks')),
    ...foldersIn('/Library/Java/JavaVirtualMachines').map((folder) => join(folder, 'Contents/Home')),
    ...['/opt/homebrew/opt', '/usr/local/opt'].flatMap(foldersIn).filter((folder) => folder.includes('openjdk')).map((folder) => join(folder, 'libexec/openjdk.jdk/Contents/Home')),
    ...macDefault(),
  ];
}

function foldersIn(parent: string): string[] {
  return existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name)) : [];
}

function macDefault(): string[] {
  if (!existsSync('/usr/libexec/java_home')) return [];
  try {
    return [execFileSync('/usr/libexec/java_home', ['-v', `${MINIMUM_JAVA}+`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()];
  } catch {
    // It exits with an error when no such Java is installed.
    return [];
  }
}
