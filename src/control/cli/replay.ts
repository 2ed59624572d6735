import { statSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pipelines } from '../../../pipelines/index.ts';
import { SluiceError } from '../../domain/errors.ts';
import type { Pace } from '../../inputs/pacing.ts';
import type { Format } from '../../inputs/replay/open-input.ts';
import { readRecords } from '../../inputs/replay/read-records.ts';
import { positiveOption, rateOption, runFeed } from './feed.ts';

const HELP = `
Examples:
  sluice replay sales.csv.gz --pipeline retail-sales
  sluice replay 2010.csv.gz 2011.csv.gz --pipeline retail-sales --rate 5000/s
  sluice replay events.ndjson.zst --pipeline sold-items --pace 60      an hour of events in a minute
  zcat events.ndjson.gz | sluice replay - --pipeline sold-items
  sluice replay export.parquet --pipeline closed-listings --json

gzip, zstd, Parquet, NDJSON and CSV are known by their bytes. Several files are read as if they were one.
Exit codes: 0 all sent, 1 failed or stopped before the end, 2 bad usage or configuration.`;

interface Options {
  readonly pipeline: string;
  readonly rate?: number;
  readonly pace?: number;
  readonly format?: Format;
  readonly key: string;
  readonly time: string;
}

/** `sluice replay`: the events of files, at a rate or at their own pace. */
export function replayCommand(): Command {
  return new Command('replay').description('send the events of a file to the source topic of a pipeline')
    .argument('<file...>', 'CSV, NDJSON or Parquet, plain, gzip or zstd; - is standard input')
    .requiredOption('-p, --pipeline <name>', `one of ${pipelines.map(({ name }) => name).join(', ')}`, pipelineOption)
    .addOption(new Option('-r, --rate <n/s>', 'records a second (default: as fast as possible)').argParser(rateOption).conflicts('pace'))
    .option('--pace <speed>', 'at the pace of their own timestamps, so many times faster', positiveOption)
    .addOption(new Option('-f, --format <format>', 'when the bytes do not tell').choices(['csv', 'ndjson', 'parquet']))
    .option('--key <field>', 'field whose value keys the record', 'listingId')
    .option('--time <field>', 'field with the record\'s own time, for --pace', 'updatedAt')
    .addHelpText('after', HELP)
    .action((files: string[], options: Options, self: Command) => act(files, options, self));
}

async function act(files: readonly string[], options: Options, self: Command): Promise<void> {
  const total = totalBytes(files);
  let done = 0;
  let current = { path: '', bytesRead: () => 0 };
  const onOpen = (path: string, bytesRead: () => number): void => {
    done += current.bytesRead();
    current = { path, bytesRead };
  };
  const records = readRecords({
    pipeline: options.pipeline, paths: files, stdin: process.stdin, format: options.format, keyField: options.key,
    timeField: options.pace === undefined ? undefined : options.time, onOpen,
  });
  const share = (): number | null => (total === null || current.path === '' ? null : (done + current.bytesRead()) / total);
  const summary = await runFeed(self, { records, pace: paceOf(options), share });
  if (summary.stopped) process.exitCode = 1;
}

/** Null where that cannot be known; throws USAGE for a file that is not there. */
function totalBytes(files: readonly string[]): number | null {
  if (files.includes('-')) return null;
  return files.reduce((sum, file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() !== true) throw new SluiceError('USAGE', `there is no file ${file}`);
    return sum + stats.size;
  }, 0);
}

function paceOf({ rate, pace }: Options): Pace {
  if (pace !== undefined) return { kind: 'recorded', speed: pace };
  return rate === undefined ? { kind: 'unlimited' } : { kind: 'rate', perSecond: rate };
}

function pipelineOption(name: string): string {
  if (!pipelines.some((pipeline) => pipeline.name === name)) throw new InvalidArgumentError(`expected one of ${pipelines.map((pipeline) => pipeline.name).join(', ')}.`);
  return name;
}

