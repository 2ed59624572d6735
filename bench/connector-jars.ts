import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { install } from '../src/stack/installation.ts';
import { findJdk } from '../src/stack/java.ts';
import type { Installation } from '../src/stack/server-kind.ts';

const SOURCES = 'bench/connector';
const MAIN = 'RowWriter';
/** The oldest Java that Spark 4 runs on. */
const JAVA_RELEASE = '17';
const FIND_SPARK = "import importlib.util; print(importlib.util.find_spec('pyspark').submodule_search_locations[0])";
const run = promisify(execFile);

/** Elasticsearch's connector for Spark and what hands rows to it, fetched and compiled once. `python`: one that has PySpark. */
export async function connectorJars(python: string, report: (text: string) => void): Promise<readonly string[]> {
  const { folder, jars } = await install({ kind: 'spark-connector', sources: SOURCES, complete: (made, sources) => compile(made, sources, python) }, findJdk(), report);
  return [...jars, join(folder, `${MAIN}.jar`)];
}

async function compile({ folder, jars, jdk }: Installation, sources: string, python: string): Promise<void> {
  const spark = (await run(python, ['-c', FIND_SPARK])).stdout.trim();
  const classes = join(folder, 'classes');
  await run(join(jdk.home, 'bin/javac'), ['--release', JAVA_RELEASE, '-cp', [...jars, join(spark, 'jars/*')].join(':'), '-d', classes, join(sources, `${MAIN}.java`)]);
  await run(join(jdk.home, 'bin/jar'), ['--create', '--file', join(folder, `${MAIN}.jar`), '-C', classes, '.']);
  await rm(classes, { recursive: true });
}
