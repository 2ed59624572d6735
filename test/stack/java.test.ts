import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findJdk, hasAheadOfTimeCache, inspectJdk } from '../../src/stack/java.ts';

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'sluice-jdk-')); });
afterEach(() => rmSync(folder, { recursive: true }));

function fakeJdk(name: string, version: string): string {
  const home = join(folder, name);
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'bin/javac'), '');
  writeFileSync(join(home, 'release'), `IMPLEMENTOR="Somebody"\nJAVA_VERSION="${version}"\n`);
  return home;
}

describe('the JDK that is used', () => {
  test('is the one of JAVA_HOME when that is new enough', () => {
    const home = fakeJdk('jdk', '21.0.9');
    expect(findJdk({ JAVA_HOME: home })).toMatchObject({ home, feature: 21 });
  });

  test('is the one on the PATH when JAVA_HOME is too old', () => {
    const onPath = fakeJdk('on-path', '99');
    expect(findJdk({ JAVA_HOME: fakeJdk('old', '17.0.1'), PATH: join(onPath, 'bin') })).toMatchObject({ home: onPath });
  });

  test('starts from an ahead-of-time cache from Java 25 on', () => {
    const [older, newer] = [inspectJdk(fakeJdk('a', '24.0.2')), inspectJdk(fakeJdk('b', '25'))];
    expect([older, newer].map((jdk) => jdk !== undefined && hasAheadOfTimeCache(jdk))).toEqual([false, true]);
  });

  test('is none without a compiler', () => {
    const home = fakeJdk('jre', '25');
    rmSync(join(home, 'bin/javac'));
    expect(inspectJdk(home)).toBeUndefined();
  });
});
