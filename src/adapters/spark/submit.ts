import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SluiceError } from '../../domain/errors.ts';
import type { ExtractEngine, ExtractJob } from '../../ports/extract-engine.ts';

/** The object store as Spark's s3a client is told of it; keys go by the environment, never by a command line. */
export interface SparkStore {
  readonly bucket: string;
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
}

/** How spark-submit is called, whatever it is to run. */
export interface SubmitSettings {
  /** Path of spark-submit. */
  readonly submit: string;
  /** Python of the driver and of what it starts; that of the PATH where undefined. */
  readonly python: string | undefined;
  readonly master: string;
  readonly memory: string;
  readonly metastore: string | undefined;
  readonly jars: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  readonly store: SparkStore;
  /** Folder for the job, the embedded metastore and what Spark spills. */
  readonly scratch: string;
}

export interface SparkSettings extends SubmitSettings {
  /** Path of the program that runs a job. */
  readonly program: string;
  readonly database: string;
  /** Where a table's folders lie, such as `file:///warehouse/sellers`; asked only where no metastore is given. */
  readonly locationOf: (table: string) => string;
  readonly rowGroupRows: number;
  readonly onDay?: (day: string) => void;
}

/** A row group ends at about this size, before compression. */
const ROW_GROUP_BYTES = 4 * 1024 * 1024;
/** A data file ends after so many row groups. */
const FILE_GROUPS = 16;
const ERRORS_KEPT = 64 * 1024;

/** Spark SQL over Hive tables, by spark-submit. */
export function sparkEngine(settings: SparkSettings): ExtractEngine {
  return { name: 'spark', run: (job, signal) => run(job, settings, signal) };
}

function run(job: ExtractJob, settings: SparkSettings, signal: AbortSignal): Promise<void> {
  return runProgram(settings.program, jobOf(job, settings), settings, { signal, onLine: (line) => tellDay(line, settings.onDay) });
}

export interface ProgramWatch {
  readonly signal: AbortSignal;
  /** Told each line that the program prints; false for one that is not the program's own, and so may tell what is wrong. */
  readonly onLine: (line: string) => boolean;
  /** Told the process group of all that is started. */
  readonly onStart?: (group: number) => void;
}

/** Runs a PySpark program, which is given the path of the job as JSON, to its end. Rejects with QUERY_FAILED and what Spark said was wrong. */
export async function runProgram(program: string, job: object, settings: SubmitSettings, watch: ProgramWatch): Promise<void> {
  const { signal } = watch;
  signal.throwIfAborted();
  await mkdir(settings.scratch, { recursive: true });
  const file = join(settings.scratch, 'job.json');
  await writeFile(file, JSON.stringify(job));
  const { code, errors } = await submit([...optionsOf(settings), program, file], settings, watch);
  signal.throwIfAborted();
  if (code !== 0) throw new SluiceError('QUERY_FAILED', `spark-submit ended with ${code}: ${reasonIn(errors)}`);
}

function jobOf({ sql, dated, tables, days }: ExtractJob, { store, database, metastore, locationOf, rowGroupRows }: SparkSettings): object {
  return {
    sql, dated, database,
    tables: tables.map((name) => ({ name, location: metastore === undefined ? locationOf(name) : null })),
    days: days.map(({ day, folder }) => ({ day, output: `s3a://${store.bucket}/${store.prefix}${folder}` })),
    options: { 'parquet.block.size': String(ROW_GROUP_BYTES), 'parquet.block.row.count.limit': String(rowGroupRows), maxRecordsPerFile: String(rowGroupRows * FILE_GROUPS) },
  };
}

function optionsOf(settings: SubmitSettings): string[] {
  const { master, memory, jars, metastore, store, scratch, conf } = settings;
  const all: Record<string, string> = {
    'spark.ui.enabled': 'false',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.local.dir': join(scratch, 'spill'),
    'spark.sql.warehouse.dir': join(scratch, 'tables'),
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.parquet.outputTimestampType': 'TIMESTAMP_MICROS',
    'spark.sql.parquet.inferTimestampNTZ.enabled': 'false',
    'spark.sql.sources.partitionColumnTypeInference.enabled': 'false',
    'spark.sql.shuffle.partitions': '4',
    'spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version': '2',
    'spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs': 'false',
    ...(jars.length === 0 ? {} : { 'spark.jars': jars.join(',') }),
    ...(metastore === undefined ? {} : { 'spark.hadoop.hive.metastore.uris': metastore }),
    ...storeOptions(store),
    ...conf,
  };
  return ['--master', master, '--driver-memory', memory, ...Object.entries(all).flatMap(([name, value]) => ['--conf', `${name}=${value}`])];
}

function storeOptions({ endpoint, region, pathStyle, accessKeyId }: SparkStore): Record<string, string> {
  return {
    'spark.hadoop.fs.s3a.path.style.access': String(pathStyle),
    'spark.hadoop.fs.s3a.endpoint.region': region,
    'spark.hadoop.fs.s3a.bucket.probe': '0',
    ...(endpoint === undefined ? {} : { 'spark.hadoop.fs.s3a.endpoint': endpoint, 'spark.hadoop.fs.s3a.connection.ssl.enabled': String(endpoint.startsWith('https:')) }),
    ...(accessKeyId === undefined ? {} : { 'spark.hadoop.fs.s3a.aws.credentials.provider': 'software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider' }),
  };
}

async function submit(args: readonly string[], { submit: command, python, store, scratch }: SubmitSettings, { signal, onLine, onStart }: ProgramWatch): Promise<{ code: number | null; errors: string }> {
  const keys = store.accessKeyId === undefined ? {} : { AWS_ACCESS_KEY_ID: store.accessKeyId, AWS_SECRET_ACCESS_KEY: store.secretAccessKey };
  const child = spawn(command, args, { cwd: scratch, env: { ...process.env, ...keys, ...(python === undefined ? {} : { PYSPARK_PYTHON: python }) }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  // spark-submit is a script around Python around Java: the whole group has to end.
  const end = (): void => { if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM'); };
  signal.addEventListener('abort', end, { once: true });
  if (child.pid !== undefined) onStart?.(child.pid);
  let errors = '';
  const keep = (text: string): void => { errors = (errors + text).slice(-ERRORS_KEPT); };
  child.stderr.setEncoding('utf8').on('data', keep);
  // Python's own errors come out here as well.
  createInterface({ input: child.stdout }).on('line', (line) => { if (!onLine(line)) keep(`${line}\n`); });
  try {
    const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
    return { code, errors };
  } catch (cause) {
    throw new SluiceError('QUERY_FAILED', `${command} could not be started`, { cause });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function tellDay(line: string, onDay: SparkSettings['onDay']): boolean {
  if (!line.startsWith('{"day"')) return false;
  onDay?.((JSON.parse(line) as { day: string }).day);
  return true;
}

/** What Spark said was wrong, without its stack. */
function reasonIn(errors: string): string {
  const lines = errors.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const told = lines.findLast((line) => /(Exception|Error)\b.*: /.test(line) && !/^at |\bINFO\b|\bWARN\b/.test(line));
  return (told ?? lines.slice(-3).join(' ')).slice(0, 1_000);
}
