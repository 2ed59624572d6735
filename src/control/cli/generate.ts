import { once } from 'node:events';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { SluiceError } from '../../domain/errors.ts';
import { GENERATED, generate } from '../../inputs/generate/generate.ts';
import type { Generated, GeneratedRecord } from '../../inputs/generate/generate.ts';
import { readReferenceIds } from '../../inputs/generate/reference.ts';
import { countOption, numberOption, positiveOption, rateOption, runFeed } from './feed.ts';

/** Where the reference data that comes with the project lies. */
const REFERENCE = join(import.meta.dirname, '../../../reference');
/** A rate that a laptop shrugs off, for a feed without end. */
const GENTLE_RATE = 250;

const HELP = `
Examples:
  sluice generate --count 10000                          as fast as possible, to Kafka
  sluice generate --rate 250/s --corrupt 0.01            until Ctrl-C, one payload in a hundred spoiled
  sluice generate --pipeline sold-items --count 5 --print
  sluice generate --pipeline sold-items --count 5 --print > events.ndjson

The same seed and options give the same bytes. Exit codes: 0 done, 1 failed, 2 bad usage or configuration.`;

interface Options {
  readonly pipeline: readonly Generated[];
  readonly count?: number;
  readonly seed: number;
  readonly rate?: number;
  readonly from?: number;
  readonly perDay?: number;
  readonly corrupt?: number;
  readonly duplicates?: number;
  readonly late?: number;
  readonly reference?: string;
  readonly print?: boolean;
}

/** `sluice generate`: seeded marketplace events, printed or sent to their source topics. */
export function generateCommand(): Command {
  const share = numberOption('a share from 0 to 1', (value) => value >= 0 && value <= 1);
  return new Command('generate').description('send made-up marketplace events, the same for the same seed')
    .option('-p, --pipeline <name>', `${GENERATED.join(' or ')}; may be given twice (default: both)`, pipelineOption, [])
    .option('-n, --count <records>', 'how many records (default: without end)', countOption)
    .option('-s, --seed <integer>', 'decides everything', numberOption('an integer', Number.isSafeInteger), 1)
    .option('-r, --rate <n/s>', `records a second (default: as fast as possible with --count, else ${GENTLE_RATE}/s)`, rateOption)
    .option('--from <time>', 'when the story begins, ISO 8601 (default: 2026-11-02)', timeOption)
    .option('--per-day <n>', 'new sales and closings on an average day of the story', positiveOption)
    .option('--corrupt <share>', 'share of payloads that are spoiled, 0 to 1 (default: 0)', share)
    .option('--duplicates <share>', 'share of records that come twice (default: 0.02)', share)
    .option('--late <share>', 'share of records that are overtaken by later ones (default: 0.03)', share)
    .option('--reference <folder>', 'folder with categories.json and sellers.ndjson (default: the one that comes with the project)')
    .option('--print', 'print the payloads of one pipeline, one a line, instead of sending them')
    .addHelpText('after', HELP)
    .action((options: Options, self: Command) => act(options, self));
}

async function act(options: Options, self: Command): Promise<void> {
  const pipelines = options.pipeline.length === 0 ? GENERATED : options.pipeline;
  const records = generate(await readReferenceIds(options.reference ?? REFERENCE), { ...options, pipelines });
  if (options.print === true) {
    if (pipelines.length !== 1) throw new SluiceError('USAGE', 'say which pipeline to print, such as --pipeline sold-items');
    await print(records);
    return;
  }
  const { count, rate } = options;
  const perSecond = rate ?? (count === undefined ? GENTLE_RATE : undefined);
  const pace = perSecond === undefined ? { kind: 'unlimited' as const } : { kind: 'rate' as const, perSecond };
  await runFeed(self, { records, pace, share: (sent) => (count === undefined ? null : sent / count) });
}

/** Stops quietly where the reader of the pipe has gone. */
async function print(records: Iterable<GeneratedRecord>): Promise<void> {
  let open = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    open = false;
  });
  for (const { payload } of records) {
    if (!open) return;
    if (!process.stdout.write(Buffer.concat([payload, Buffer.from('\n')])) && open) await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined);
  }
}

function pipelineOption(name: string, earlier: readonly Generated[]): Generated[] {
  const known = GENERATED.find((pipeline) => pipeline === name);
  if (known === undefined) throw new InvalidArgumentError(`expected ${GENERATED.join(' or ')}.`);
  return [...new Set([...earlier, known])];
}

function timeOption(text: string): number {
  const time = Date.parse(text);
  if (!(time >= 0)) throw new InvalidArgumentError('expected a time such as 2026-11-02 or 2026-11-02T08:00:00Z.');
  return time;
}
